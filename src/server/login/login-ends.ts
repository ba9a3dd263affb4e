/** What tells whether a login has ended before its time. */
export interface LoginMark {
  /** Of the login, through all renewals. */
  readonly id: string
  /** When its person came from the issuer, in milliseconds since 1970. */
  readonly begunAt: number
  /** The session of the issuer in which it began; null: the issuer did not say. */
  readonly issuerSession: string | null
  /** What the issuer's ID tokens call the person. */
  readonly subject: string
}

/** A logout that the issuer tells of: of one of its sessions, or of all of a person. */
export type IssuerLogout = { readonly issuerSession: string } | { readonly subject: string }

/** Who says that the issuer's session has ended: the issuer, or any browser that names the session. */
export type Proof = 'proved' | 'unproved'

/** What names begin with under which nobody proved that a login ended. */
export const unproved = 'said '
/** Milliseconds for which a login can go on at most, whatever `sessionHours` was when it began. */
export const longestLogin = 168 * 3_600_000

const sessionName = (id: string) => `session ${id}`
const personName = (subject: string) => `person ${subject}`

/** The name under which a logout of the issuer is kept. */
export function endingName(logout: IssuerLogout, proof: Proof): string {
  const name = 'issuerSession' in logout ? sessionName(logout.issuerSession) : personName(logout.subject)
  return proof === 'proved' ? name : `${unproved}${name}`
}

/** The names by which the issuer can end a login. */
export function endingNames({ issuerSession, subject }: LoginMark): string[] {
  if (issuerSession === null) return [personName(subject)]
  return [personName(subject), sessionName(issuerSession), `${unproved}${sessionName(issuerSession)}`]
}

const isText = (value: unknown) => typeof value === 'string'

/** The mark in what was kept of a login; null if it was kept by a version of the proxy that kept another one. */
export function readMark(value: unknown): LoginMark | null {
  if (typeof value !== 'object' || value === null) return null
  const { id, begunAt, issuerSession, subject }: { [name in keyof LoginMark]?: unknown } = value
  if (!isText(id) || typeof begunAt !== 'number' || !isText(subject)) return null
  return issuerSession === null || isText(issuerSession) ? { id, begunAt, issuerSession, subject } : null
}

/** The mark alone of what has more. */
export function markOf({ id, begunAt, issuerSession, subject }: LoginMark): LoginMark {
  return { id, begunAt, issuerSession, subject }
}
