import { type Json, JsonNumber, type JsonObject } from '../messages/json/json.ts'
import { withoutTrailing } from '../names/trailing.ts'
import { Refusal } from '../reasons.ts'
import { guid } from './guid.ts'
import type { Principal } from './principal.ts'
import { applicationIn, userNameIn } from './shown-claims.ts'
import { checkPlainBearer } from './token-kind.ts'
import { checkValidity, readValidity, type Validity } from './validity.ts'

/** What a token has to say: the configured tenant, audiences and authority (an origin, with or without a trailing slash). */
export interface Expectation {
  readonly tenantId: string
  readonly audiences: readonly string[]
  readonly authority: string
  /** Whether guest accounts of the tenant may come in; refused when absent. */
  readonly guests?: 'refuse' | 'accept'
}

/** What an access token proves about its bearer. */
export interface Authenticated {
  readonly principal: Principal
  /** The token left its groups out because they are too many: `principal.groups` then holds no value of `groups`. */
  readonly overage: boolean
  /** The token has no list of groups at all, so that nothing is known of them; left out: it has one. */
  readonly unlisted?: true
  /** Why the directory could not complete the groups: whoever lacks one is told this. */
  readonly unknownGroups?: Refusal
  /** Whom the token is meant for: one of the expected audiences. */
  readonly audience: string
  readonly validity: Validity
}

/** The application of Azure Databricks, the same in every tenant. */
const azureDatabricks = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d'

/** The issuers of the configured tenant, by the `ver` of the tokens that name them. */
export function readIssuers({ tenantId, authority }: Expectation): { readonly '1.0': string; readonly '2.0': string } {
  const tenant = tenantId.toLowerCase()
  return { '1.0': `https://sts.windows.net/${tenant}/`, '2.0': `${withoutTrailing(authority, '/')}/${tenant}/v2.0` }
}

/**
 * Reads the claims of a token whose signature has been verified; `now` in seconds since 1970.
 * Throws Refusal 'unauthenticated' for anything but a current access token of the expected tenant and audience.
 */
export function readPrincipal(claims: Json, expectation: Expectation, now: number): Authenticated {
  if (!(claims instanceof Map))
    return refuse('The access token contains no claims: send an access token exactly as it was issued.')
  checkOrigin(claims, expectation)
  checkPlainBearer(claims)
  const audience = readAudience(claims, expectation)
  const validity = readValidity(claims, 'required')
  checkValidity(validity, now)
  if (expectation.guests !== 'accept') checkHome(claims, expectation)
  const objectId = claims.get('oid')
  if (typeof objectId !== 'string' || !guid.test(objectId)) {
    return refuse('The access token identifies nobody: its oid claim must be the GUID of a user or an application.')
  }
  const kind = readKind(claims, objectId)
  const overage = hasOverage(claims)
  const groups = new Set([...readNames(claims, 'roles'), ...(overage ? [] : readNames(claims, 'groups'))])
  const principal = {
    tenantId: expectation.tenantId.toLowerCase(),
    objectId: objectId.toLowerCase(),
    kind,
    groups: Object.freeze([...groups]),
    ...applicationIn(claims),
    ...(kind === 'user' ? userNameIn(claims) : {}),
  }
  const unlisted = claims.has('groups') ? {} : ({ unlisted: true } as const)
  return Object.freeze({ principal: Object.freeze(principal), overage, audience, validity, ...unlisted })
}

// The issuer is built from the configuration and compared whole: nothing the token says chooses whom to trust.
function checkOrigin(claims: JsonObject, expectation: Expectation): void {
  if (claims.get('tid') !== expectation.tenantId.toLowerCase()) {
    refuse('The access token is from another tenant: fetch one from the tenant that this proxy serves.')
  }
  const version = claims.get('ver')
  if (version !== '1.0' && version !== '2.0') {
    refuse('The access token has an unknown version: its ver claim must be "1.0" or "2.0".')
  }
  if (claims.get('iss') !== readIssuers(expectation)[version]) {
    refuse(
      'The issuer of the access token does not match the tenant and the token version: fetch one from the configured authority.',
    )
  }
}

// Entra ID writes one audience. An array, even of one, comes from somewhere else and is refused.
function readAudience(claims: JsonObject, { audiences }: Expectation): string {
  const audience = claims.get('aud')
  if (typeof audience !== 'string' || !audiences.includes(audience)) {
    if (audience === azureDatabricks)
      refuse('The access token is for Azure Databricks: request one for the application of this proxy.')
    return refuse('The access token is for another audience: request one for the application of this proxy.')
  }
  return audience
}

// A guest's home is elsewhere: `acct` 1, or an identity provider that is not this tenant.
function checkHome(claims: JsonObject, expectation: Expectation): void {
  const account = claims.get('acct') ?? '0'
  const provider = claims.get('idp')
  const issuers: Json[] = Object.values(readIssuers(expectation))
  const member = (account instanceof JsonNumber ? account.text : account) === '0'
  if (!member || (provider !== undefined && !issuers.includes(provider))) {
    refuse('The access token is for a guest account: use an account or application that belongs to this tenant.')
  }
}

function readKind(claims: JsonObject, objectId: string): Principal['kind'] {
  const scopes = claims.get('scp')
  if (scopes !== undefined) {
    if (typeof scopes === 'string' && scopes.trim() !== '') return 'user'
    return refuse('The access token has an invalid scp claim: it must be a non-empty string.')
  }
  const type = claims.get('idtyp')
  const ownSubject = type === undefined && claims.get('sub') === objectId
  if (type === 'app' || ownSubject) return 'application'
  return refuse(
    'The token is not an access token (it has neither scopes nor an application identity): send an access token, not an ID token.',
  )
}

/** Whether the token says that its bearer is in more groups than a token can list. */
function hasOverage(claims: JsonObject): boolean {
  const elsewhere = claims.get('_claim_names')
  if (elsewhere !== undefined && !(elsewhere instanceof Map)) {
    return refuse('The access token has an invalid _claim_names claim: it must be an object.')
  }
  return elsewhere?.has('groups') === true || (claims.get('hasgroups') ?? false) !== false
}

// A string would turn membership into a search for a substring, so only an array of strings counts.
function readNames(claims: JsonObject, name: 'roles' | 'groups'): string[] {
  const value = claims.get(name)
  if (value === undefined) return []
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  return refuse(`The access token has an invalid ${name} claim: it must be a list of strings.`)
}

function refuse(sentence: string): never {
  throw new Refusal('unauthenticated', sentence)
}
