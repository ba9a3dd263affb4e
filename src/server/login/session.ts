import type { JWTPayload } from 'jose'
import { decidingGroups } from '../../policy/environments/choose-environment.ts'
import type { PolicyConfig } from '../../policy/environments/environment.ts'
import type { Authenticated } from '../../policy/identity/claims.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import { type LoginMark, readMark } from './login-ends.ts'

/** A login of a person. */
export interface Session extends LoginMark {
  readonly authenticated: Authenticated
  /** The name to show. */
  readonly person: string
  /** Seconds since 1970, after which the person logs in again. */
  readonly endsAt: number
  /** Null: it cannot be renewed. */
  readonly refreshToken: string | null
}

const longestName = 60

/** A caller as a session keeps them: with those of their groups that decide. */
export function forSession(config: PolicyConfig, authenticated: Authenticated): Authenticated {
  const { principal } = authenticated
  return { ...authenticated, principal: { ...principal, groups: decidingGroups(config, principal) } }
}

/** The name to show of a person, by the claims of their ID token. */
export function nameOf(claims: Readonly<Record<string, unknown>>, principal: Principal): string {
  const names = [claims.name, claims.preferred_username, claims.upn, claims.email]
  const name = names.find((each): each is string => typeof each === 'string' && each.trim() !== '') ?? principal.objectId
  const shown = [...name.replace(/[\p{C}\s]+/gu, ' ').trim()]
  return shown.length <= longestName ? shown.join('') : `${shown.slice(0, longestName - 1).join('')}…`
}

/** A session in few bytes. */
export function packSession(session: Session): Record<string, unknown> {
  const { id, begunAt, issuerSession, subject, authenticated, person, refreshToken } = session
  const { principal, overage, audience, validity } = authenticated
  const { applicationId, name } = principal
  return {
    id,
    began: begunAt,
    in: issuerSession,
    as: subject,
    sub: principal.objectId,
    app: applicationId,
    name,
    who: person,
    groups: principal.groups,
    from: principal.groupsFrom === 'directory' ? 1 : 0,
    over: overage ? 1 : 0,
    to: audience,
    at: [validity.issuedAt, validity.notBefore, validity.expiresAt],
    ...(refreshToken === null ? {} : { more: refreshToken }),
  }
}

function isList<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem)
}

const isText = (item: unknown) => typeof item === 'string'
const isNumber = (item: unknown) => typeof item === 'number'

/** What audit lines say of the person besides. */
function shown({ app, name }: JWTPayload): Pick<Principal, 'applicationId' | 'name'> {
  return { ...(isText(app) ? { applicationId: app } : {}), ...(isText(name) ? { name } : {}) }
}

/** The session that was packed so; null if it was packed by a version of the proxy that packed otherwise. */
export function unpackSession(packed: JWTPayload, tenantId: string): Session | null {
  const { sub: objectId, who: person, groups, from, over, to: audience, at, more = null, exp: endsAt } = packed
  const mark = readMark({ id: packed.id, begunAt: packed.began, issuerSession: packed.in, subject: packed.as })
  if (mark === null || !isText(objectId) || !isText(person) || !isText(audience) || !isNumber(endsAt)) return null
  if (!isList(groups, isText) || !isList(at, isNumber) || (more !== null && !isText(more))) return null
  const [issuedAt, notBefore, expiresAt] = at
  if (issuedAt === undefined || notBefore === undefined || expiresAt === undefined) return null
  const listed = from === 1 ? ({ groupsFrom: 'directory' } as const) : {}
  const principal: Principal = { tenantId, objectId, kind: 'user', groups, ...listed, ...shown(packed) }
  const validity = { issuedAt, notBefore, expiresAt }
  return { ...mark, authenticated: { principal, overage: over === 1, audience, validity }, person, endsAt, refreshToken: more }
}
