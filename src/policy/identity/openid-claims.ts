import type { Json, JsonObject } from '../messages/json/json.ts'
import { Refusal } from '../reasons.ts'
import type { Authenticated } from './claims.ts'
import { applicationIn } from './shown-claims.ts'
import { checkPlainBearer } from './token-kind.ts'
import { checkValidity, readValidity } from './validity.ts'

/** Where a claim is: its name, or the names that lead to it through objects. */
export type ClaimPath = readonly string[]

/** What a token of an OpenID Connect issuer has to say, and where it says who the bearer is. */
export interface OpenidExpectation {
  /** The issuer's address, compared exactly. */
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly claims: { readonly id: ClaimPath; readonly name: ClaimPath; readonly groups: ClaimPath }
}

/** The form of an id: it stands in audit lines and in keys. */
const identifier = /^[!-~](?:[ -~]{0,254}[!-~])?$/

/**
 * Reads the claims of a token whose signature has been verified with a key of the expected issuer; `now` in seconds since 1970.
 * Throws Refusal 'unauthenticated' for anything but a current access token of that issuer and audience.
 */
export function readOpenidPrincipal(claims: Json, expectation: OpenidExpectation, now: number): Authenticated {
  const object = checkToken(claims, expectation.issuer)
  const audience = readAudience(object, expectation.audiences)
  const validity = readValidity(object, 'optional')
  checkValidity(validity, now)
  const { id, name, groups: groupsAt } = expectation.claims
  const objectId = readId(object, id)
  const groups = readGroups(object, groupsAt)
  const shown = claimAt(object, name)
  const principal = {
    tenantId: expectation.issuer,
    objectId,
    kind: isApplication(object) ? ('application' as const) : ('user' as const),
    groups: Object.freeze([...new Set(groups ?? [])]),
    ...applicationIn(object),
    ...(typeof shown === 'string' && shown !== '' ? { name: shown.slice(0, 255) } : {}),
  }
  const unlisted = groups === null ? ({ unlisted: true } as const) : {}
  return Object.freeze({ principal: Object.freeze(principal), overage: false, audience, validity, ...unlisted })
}

/** The claims of a plain access token of an issuer. Throws Refusal 'unauthenticated'. */
export function checkToken(claims: Json, issuer: string): JsonObject {
  if (!(claims instanceof Map))
    return refuse('The access token contains no claims: send an access token of the configured issuer.')
  if (claims.get('iss') !== issuer) {
    return refuse('The issuer of the access token is not the one whose key signed it: send it exactly as it was issued.')
  }
  checkPlainBearer(claims)
  return claims
}

/** The accepted audience among a token's. Throws Refusal 'unauthenticated'. */
export function readAudience(claims: JsonObject, audiences: readonly string[]): string {
  const said = claims.get('aud')
  const all = Array.isArray(said) ? said : [said]
  // A value that is no text makes the whole list doubtful.
  const known = all.every((each) => typeof each === 'string') ? audiences.find((audience) => all.includes(audience)) : undefined
  return known ?? refuse('The access token is for another audience: request one for an audience of this proxy.')
}

/** The text in a claim that says who the bearer is. Throws Refusal 'unauthenticated'. */
export function readId(claims: JsonObject, path: ClaimPath): string {
  const id = claimAt(claims, path)
  if (typeof id === 'string' && identifier.test(id)) return id
  return refuse(
    `The access token identifies nobody: its ${path.join('.')} claim must be a text of at most 256 plain characters. Ask the operators of the issuer.`,
  )
}

function claimAt(claims: JsonObject, path: ClaimPath): Json | undefined {
  return path.reduce<Json | undefined>((value, name) => (value instanceof Map ? value.get(name) : undefined), claims)
}

// A text would turn membership into a search for a part of it, so only a list of texts counts; null: there is none.
function readGroups(claims: JsonObject, path: ClaimPath): string[] | null {
  const value = claimAt(claims, path)
  if (value === undefined) return null
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  return refuse(`The access token has an invalid ${path.join('.')} claim: it must be a list of strings.`)
}

/** Client credentials: RFC 9068 makes the client the subject; others say how the token was granted. */
function isApplication(claims: JsonObject): boolean {
  const subject = claims.get('sub')
  const isClient = subject !== undefined && [claims.get('client_id'), claims.get('azp')].includes(subject)
  return isClient || claims.get('gty') === 'client-credentials'
}

function refuse(sentence: string): never {
  throw new Refusal('unauthenticated', sentence)
}
