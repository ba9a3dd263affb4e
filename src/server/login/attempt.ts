import { randomBytes } from 'node:crypto'
import { generateRandomCodeVerifier } from 'oauth4webapi'
import { Refusal } from '../../policy/reasons.ts'
import { type Cookie, cookieValues, largestCookie, setCookie } from './cookies.ts'
import type { Seal } from './seal.ts'

/** A login that is under way, as its browser keeps it: what the issuer's answer must fit. */
export interface Attempt {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** The path to open afterwards. */
  readonly back: string
}

/** Seconds for which a login may be under way. */
const lifetime = 600

/** A new attempt. */
export function beginAttempt(back: string): Attempt {
  const random = () => randomBytes(24).toString('base64url')
  return { state: random(), nonce: random(), verifier: generateRandomCodeVerifier(), back }
}

/** The `Set-Cookie` header of an attempt. `now` in milliseconds since 1970. */
export async function writeAttempt(seal: Seal, cookie: Cookie, attempt: Attempt, now: number): Promise<string> {
  const header = setCookie(cookie, await seal.close({ ...attempt }, Math.floor(now / 1_000) + lifetime), lifetime)
  if (header === null) throw new Refusal('malformed', 'The address to open after the login is too long.')
  return header
}

function refuse(why: string): never {
  throw new Refusal('malformed', `${why}: begin the login again.`)
}

/** The attempt of a browser that comes back from the issuer. Throws Refusal 'malformed' if this browser has begun none. */
export async function readAttempt(seal: Seal, cookie: Cookie, cookieHeader: string | undefined): Promise<Attempt> {
  const [value, ...others] = cookieValues(cookieHeader, cookie)
  if (value === undefined || value === '') return refuse('This browser has begun no login here, or it was completed already')
  if (others.length > 0 || value.length > largestCookie)
    return refuse('The cookie of the login under way is not one of this server')
  const opened = await seal.open(value)
  if (opened === 'expired') return refuse('The login took longer than ten minutes')
  if (opened === 'forged') return refuse('The cookie of the login under way is not one of this server')
  const { state, nonce, verifier, back } = opened
  const isWhole = [state, nonce, verifier, back].every((part) => typeof part === 'string')
  if (!isWhole) return refuse('The login was begun at another version of this server')
  return { state: String(state), nonce: String(nonce), verifier: String(verifier), back: String(back) }
}
