import { hash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '../../policy/reasons.ts'
import { type Cookie, setCookie } from './cookies.ts'
import { endingName, endingNames, type IssuerLogout, type LoginMark, longestLogin, type Proof } from './login-ends.ts'
import type { Once } from './login-memory.ts'
import { type RedisLink, removeOwn } from './redis-link.ts'
import type { Seal } from './seal.ts'
import { packSession, type Session, unpackSession } from './session.ts'
import { type Renewed, refuseSession, type SessionStore } from './session-store.ts'

/** Milliseconds after which a replica that began a renewal is thought to be gone. */
const lockTime = 30_000
/** Milliseconds for which somebody waits for another replica's renewal, and between two looks. */
const waiting = { most: 12_000, step: 100 } as const

/**
 * Keeps sessions in Redis or Valkey, for all replicas. The browser has a random id; the server has its hash and the sealed session, so
 * whoever reads the server can neither use a session nor learn a token, and whoever writes there can make none.
 */
export class RedisSessions implements SessionStore {
  readonly #cookie: Cookie
  readonly #link: RedisLink
  readonly #seal: Seal
  readonly #prefix: string
  readonly #tenantId: string
  readonly #now: () => number

  /** `now` in milliseconds since 1970. */
  constructor(cookie: Cookie, link: RedisLink, seal: Seal, prefix: string, tenantId: string, now: () => number) {
    this.#cookie = cookie
    this.#link = link
    this.#seal = seal
    this.#prefix = prefix
    this.#tenantId = tenantId
    this.#now = now
  }

  #key(kind: 'session' | 'renewal' | 'ended' | 'used', id: string): string {
    return `${this.#prefix}${kind}:${hash('sha256', id, 'base64url')}`
  }

  /** Whether the session was stored; `condition`: only if there is none of its id, or only if there is. */
  async #put(session: Session, condition: 'NX' | 'XX'): Promise<boolean> {
    const { id, endsAt } = session
    const text = await this.#seal.close(packSession(session), endsAt)
    const milliseconds = Math.max(1, Math.ceil(endsAt * 1_000 - this.#now()))
    const expiration = { type: 'PX', value: milliseconds } as const
    return (await this.#link.ask((client) => client.set(this.#key('session', id), text, { expiration, condition }))) !== null
  }

  async write(session: Session): Promise<string> {
    const header = setCookie(this.#cookie, session.id, session.endsAt - this.#now() / 1_000)
    await this.#expectLogout(session)
    if (header === null || !(await this.#put(session, 'NX'))) throw new Error('the id of a new session is too long or taken')
    return header
  }

  /** Makes room for an unproved logout: there is one for each login, however many others are made up. */
  async #expectLogout({ issuerSession }: Session): Promise<void> {
    if (issuerSession === null) return
    const key = this.#key('ended', endingName({ issuerSession }, 'unproved'))
    const expiration = { type: 'PX', value: longestLogin } as const
    await this.#link.ask((client) => client.set(key, '0', { expiration, condition: 'NX' }))
  }

  async read(value: string): Promise<Session> {
    if (!/^[\w-]{43}$/.test(value)) throw refuseSession("The login's cookie was not made by this server")
    const text = await this.#link.ask((client) => client.get(this.#key('session', value)))
    if (text === null) throw refuseSession('Your login has ended')
    const opened = await this.#seal.open(text)
    if (opened === 'expired') throw refuseSession('Your login has ended')
    if (opened === 'forged') throw refuseSession('Your login was not stored by this server, or its key has changed since')
    const session = unpackSession(opened, this.#tenantId)
    // Another session may have been copied to this one's place.
    if (session?.id !== value) throw refuseSession('Your login was stored by another version of this server')
    if (await this.#endedAtIssuer(session)) throw refuseSession('You have logged out')
    return session
  }

  async end({ id }: Session): Promise<void> {
    await this.#link.ask((client) => client.del(this.#key('session', id)))
  }

  async endAtIssuer(logout: IssuerLogout, proof: Proof): Promise<void> {
    const key = this.#key('ended', endingName(logout, proof))
    const expiration = { type: 'PX', value: longestLogin } as const
    const condition = proof === 'proved' ? {} : ({ condition: 'XX' } as const)
    await this.#link.ask((client) => client.set(key, `${this.#now()}`, { expiration, ...condition }))
  }

  /** Whether the issuer has ended a login since it began. */
  async #endedAtIssuer(mark: LoginMark): Promise<boolean> {
    const keys = endingNames(mark).map((name) => this.#key('ended', name))
    // One by one: in a cluster they are at different servers.
    const times = await this.#link.ask((client) => Promise.all(keys.map((key) => client.get(key))))
    return times.some((time) => time !== null && Number(time) >= mark.begunAt)
  }

  async hasEnded(mark: LoginMark): Promise<boolean> {
    const stored = await this.#link.ask((client) => client.exists(this.#key('session', mark.id)))
    return stored === 0 || this.#endedAtIssuer(mark)
  }

  async doOnce({ id, milliseconds }: Once, work: () => Promise<void>): Promise<boolean> {
    const key = this.#key('used', id)
    if ((await this.#link.ask((client) => client.exists(key))) > 0) return false
    await work()
    // Not before: what could not be done would be lost, even if only the answer to this did not come.
    await this.#link.ask((client) => client.set(key, '1', { expiration: { type: 'PX', value: milliseconds } }))
    return true
  }

  async #lock(id: string, owner: string, waits: boolean): Promise<boolean> {
    const end = performance.now() + waiting.most
    const expiration = { type: 'PX', value: lockTime } as const
    const take = () => this.#link.ask((client) => client.set(this.#key('renewal', id), owner, { expiration, condition: 'NX' }))
    while ((await take()) === null) {
      if (!waits) return false
      if (performance.now() > end)
        throw new Refusal('upstream-unavailable', 'Your login is being renewed, which takes long: try again shortly.')
      await sleep(waiting.step)
    }
    return true
  }

  async renew({ id }: Session, waits: boolean, work: (latest: Session) => Promise<Session>): Promise<Renewed | null> {
    const owner = randomBytes(16).toString('base64url')
    if (!(await this.#lock(id, owner, waits))) return null
    try {
      const latest = await this.read(id)
      const session = await work(latest)
      // Who has logged out meanwhile stays so.
      if (session !== latest && !(await this.#put(session, 'XX'))) throw refuseSession('You have logged out')
      return { session, header: null }
    } finally {
      const keys = [this.#key('renewal', id)]
      await this.#link.ask((client) => client.eval(removeOwn, { keys, arguments: [owner] })).catch(() => {})
    }
  }

  async close(): Promise<void> {
    await this.#link.close()
  }
}
