import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { Authenticated } from '../../../src/policy/identity/claims.ts'
import { Refusal } from '../../../src/policy/reasons.ts'
import { beginAttempt, readAttempt, writeAttempt } from '../../../src/server/login/attempt.ts'
import { cookiesBelow, cookieValues } from '../../../src/server/login/cookies.ts'
import { LoginMemory } from '../../../src/server/login/login-memory.ts'
import { Renewals } from '../../../src/server/login/renewals.ts'
import { Seal } from '../../../src/server/login/seal.ts'
import type { Session } from '../../../src/server/login/session.ts'
import { SealedSessions } from '../../../src/server/login/session-store.ts'
import { makeEnvironment } from '../../fakes/fake-fact-source.ts'
import { objectId, tenantId } from '../../fakes/issuer.ts'

const key = randomBytes(32)
const begin = 1_900_000_000
let now = begin
const clock = () => now * 1_000
const cookies = cookiesBelow('')
const store = new SealedSessions(cookies.session, new Seal(key, 'session', clock), tenantId, new LoginMemory(), clock)
t.beforeEach(() => {
  now = begin
})

function caller(who = objectId): Authenticated {
  const principal = { tenantId, objectId: who, kind: 'user', groups: ['apps_acc'] } as const
  const validity = { issuedAt: begin, notBefore: begin, expiresAt: begin + 3_600 }
  return { principal, overage: false, audience: 'a', validity }
}

const mark = { id: 'i', begunAt: begin * 1_000, issuerSession: 'o', subject: 's' }
const session: Session = { ...mark, authenticated: caller(), person: 'Anna', endsAt: begin + 43_200, refreshToken: 'r' }
const cookieIn = (header: string, name: 'session' | 'attempt') => cookieValues(header.split(';')[0], cookies[name])[0] ?? ''

t.test('a session ends with its hours, whatever was renewed', async (t) => {
  const value = cookieIn(await store.write(session), 'session')
  now = begin + 43_199
  t.match(await store.read(value), session)
  now = begin + 43_201
  await t.rejects(store.read(value), { message: /Your login has ended/ })
})

t.test('a login under way ends after ten minutes', async (t) => {
  const seal = new Seal(key, 'attempt', clock)
  const header = (await writeAttempt(seal, cookies.attempt, beginAttempt('/a'), clock())).split(';')[0]
  now = begin + 599
  t.match(await readAttempt(seal, cookies.attempt, header), { back: '/a' })
  now = begin + 601
  await t.rejects(readAttempt(seal, cookies.attempt, header), { message: /took longer than ten minutes/ })
})

t.test('a refresh token that does not fit is left out; nothing else may be too large', async (t) => {
  const header = await store.write({ ...session, refreshToken: 'x'.repeat(4_000) })
  t.ok(header.length <= 4_096)
  t.match(await store.read(cookieIn(header, 'session')), { ...session, refreshToken: null })
  const crowded = { ...caller(), principal: { ...caller().principal, groups: Array.from({ length: 200 }, () => objectId) } }
  await t.rejects(store.write({ ...session, authenticated: crowded }), { message: /more environments than a login can keep/ })
})

/** Renewals by an issuer that gives the tokens of `who`, or is not there. */
function renewals(who: string | null, known: Partial<Authenticated> = {}) {
  const problems: (string | null)[] = []
  const issuer = {
    renew: async () => {
      if (who === null) throw new TypeError('fetch failed')
      return { accessToken: 't', refreshToken: 'next', claims: {} }
    },
  }
  const config = { environments: [makeEnvironment('acc')], foldsCase: false }
  const check = { config, authenticator: { authenticate: async () => ({ ...caller(who ?? objectId), ...known }) } }
  const report = ({ problem }: { readonly problem: string | null }) => void problems.push(problem)
  return { problems, these: new Renewals({ check, store, issuer, now: clock, report }) }
}

t.test('a session that cannot be renewed goes on until its access token ends', async (t) => {
  const { these, problems } = renewals(null)
  now = begin + 3_599
  t.match(await these.current(session, false), { header: null })
  t.match(problems, [/cannot be reached/], 'operators are told')
  now = begin + 3_601
  await t.rejects(these.current(session, false), { message: /cannot be reached/ })
  await t.rejects(these.current({ ...session, refreshToken: null }, false), { message: /Your login has ended/ })
})

t.test('a session that is renewed for somebody else ends at once', async (t) => {
  const { these } = renewals('00000000-0000-4000-8000-00000000000b')
  now = begin + 3_400
  await t.rejects(these.current(session, false), { message: /renewed for somebody else/ })
})

t.test('a session is renewed when five minutes are left, and not before', async (t) => {
  const { these, problems } = renewals(objectId)
  now = begin + 3_299
  t.equal((await these.current(session, false)).header, null)
  now = begin + 3_301
  t.match((await these.current(session, false)).header, /^__Host-mlflow-session=/)
  t.strictSame(problems, [null])
})

t.test('a session goes on while the directory cannot say in which groups its person is', async (t) => {
  const { principal } = caller()
  const unknownGroups = new Refusal('upstream-unavailable', 'The directory is down.')
  const { these } = renewals(objectId, { principal: { ...principal, groups: [] }, unknownGroups })
  now = begin + 3_400
  t.match(await these.current(session, false), { session, header: null })
  now = begin + 3_601
  await t.rejects(these.current(session, false), { message: /The directory is down/ })
})
