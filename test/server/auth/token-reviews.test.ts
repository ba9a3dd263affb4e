import t, { type Test } from 'tap'
import { TokenReviewClient } from '../../../src/server/auth/token-review-client.ts'
import { TokenReviews } from '../../../src/server/auth/token-reviews.ts'
import { type ReviewMood, startTokenReviews } from '../../fakes/token-reviews.ts'
import { write } from '../../fixtures/config-file.ts'

const username = 'system:serviceaccount:ml:train'
const principal = { tenantId: 'https://cluster', objectId: username, kind: 'application' as const, groups: [], name: username }
const validity = { issuedAt: 0, notBefore: 0, expiresAt: 9_999_999_999 }
const verified = { principal, overage: false, audience: 'mlflow', validity }
const tokenFile = write('own-token', 'own')

async function start(t: Test, url?: string) {
  const server = await startTokenReviews(username)
  const client = new TokenReviewClient('the cluster', { url: url ?? server.url, tokenFile })
  const state = { now: 1, problems: [] as string[] }
  const report = (problem: string) => void state.problems.push(problem)
  const reviews = new TokenReviews({ name: 'the cluster', client, report, clock: () => state.now })
  t.teardown(() => Promise.all([server.close(), reviews.close()]))
  return { server, state, reviews, enter: (token = 'a') => reviews.confirm(token, verified) }
}

const gone = { reason: 'unauthenticated', message: /no longer accepts the token: its pod or service account may be gone/ }

t.test('a token is asked about once a minute by however many requests, with the proxy’s own token', async (t) => {
  const { server, state, enter } = await start(t)
  t.same(await Promise.all([enter(), enter(), enter()]), [verified, verified, verified])
  t.same(server.asked, ['a'])
  t.same(server.bearers, ['own'])
  write('own-token', 'renewed')
  await enter('b')
  t.equal(server.bearers.at(-1), 'renewed', 'the file is read anew')
  server.gone.add('a')
  state.now += 59_999
  await enter()
  state.now += 1
  await t.rejects(enter(), gone)
  t.same(server.asked, ['a', 'b', 'a'])
  await t.rejects(enter(), gone)
  t.equal(server.asked.length, 3, 'a refusal counts for ten seconds')
  state.now += 10_001
  await t.rejects(enter(), gone)
  t.equal(server.asked.length, 4)
  t.same(state.problems, [], 'a token that is gone is no failure')
})

t.test('it remembers 10,000 tokens', async (t) => {
  const { server, reviews } = await start(t)
  let asked = 0
  const counting = new TokenReviews({
    name: 'the cluster',
    client: {
      review: async () => void asked++,
      close: () => reviews.close(),
    },
    report: () => undefined,
  })
  for (let each = 0; each <= 10_000; each += 1) await counting.confirm(`${each}`, verified)
  await counting.confirm('10000', verified)
  t.equal(asked, 10_001)
  await counting.confirm('0', verified)
  t.equal(asked, 10_002, 'the oldest is asked about again')
  t.same(server.asked, [])
})

const outage = { reason: 'issuer-unavailable', message: /cannot be asked about your token at the moment/ }
const review = (status: object) => JSON.stringify({ kind: 'TokenReview', status })
const user = { username }
/** What the API server does, and what callers are told. */
const failures: readonly (readonly [name: string, mood: ReviewMood, reason: string, message: RegExp])[] = [
  ['down', { status: 503, body: 'etcd' }, 'issuer-unavailable', /cannot be asked about your token at the moment/],
  ['slow', { hangs: true }, 'issuer-unavailable', /cannot be asked about your token at the moment/],
  ['an answer without end', { body: 'x'.repeat(70_000) }, 'issuer-unavailable', /cannot be asked/],
  ['throttled', { status: 429, headers: { 'retry-after': '7' } }, 'upstream-busy', /The Kubernetes API server accepts no more/],
  ['the proxy is a stranger', { status: 401 }, 'upstream-refused', /does not accept the token of the proxy/],
  ['the proxy has no right', { status: 403 }, 'upstream-refused', /needs the cluster role system:auth-delegator/],
  ['a page', { body: '<html>' }, 'unknown-answer', /unknown form/],
  ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1' } }, 'unknown-answer', /unknown form/],
  ['another kind', { body: '{"kind":"Status","status":{"authenticated":true}}' }, 'unknown-answer', /unknown form/],
  ['no status', { body: '{"kind":"TokenReview"}' }, 'unknown-answer', /unknown form/],
  [
    'another user',
    { body: review({ authenticated: true, user: { username: 'x' }, audiences: ['mlflow'] }) },
    'unknown-answer',
    /form/,
  ],
  ['another audience', { body: review({ authenticated: true, user, audiences: ['x'] }) }, 'unknown-answer', /form/],
  ['no audience', { body: review({ authenticated: true, user }) }, 'unknown-answer', /form/],
  ['a yes that is a text', { body: review({ authenticated: 'true', user, audiences: ['mlflow'] }) }, 'unknown-answer', /form/],
]

t.test('failures of the API server are told apart, and let nobody in', async (t) => {
  t.setTimeout(60_000)
  for (const [name, mood, reason, message] of failures) {
    const { server, state, reviews, enter } = await start(t)
    server.mood = mood
    await t.rejects(enter(), { reason, message }, name)
    t.equal(state.problems.length, 1, name)
    t.match(reviews.concern(), `the API server of the cluster could not be asked about tokens: ${state.problems[0]}`, name)
    t.notMatch(state.problems[0], /undefined/, name)
    const rests = reason !== 'unknown-answer'
    const before = server.asked.length
    await t.rejects(enter('b'), { reason, message }, name)
    t.equal(server.asked.length - before, rests ? 0 : 1, `${name}: it is left alone`)
    server.mood = {}
    state.now += reason === 'upstream-busy' ? 6_999 : 999
    if (rests) await t.rejects(enter(), { reason, message }, name)
    state.now += 1
    t.equal(await enter(), verified, `${name}: it is back`)
    t.equal(reviews.concern(), null, name)
  }
})

t.test('nothing listens, and the proxy’s own token cannot be read', async (t) => {
  const away = await start(t, 'http://127.0.0.1:1')
  await t.rejects(away.enter(), outage)
  t.match(away.reviews.concern(), /nothing listens there \(ECONNREFUSED\)/)
  const { server } = away
  const client = new TokenReviewClient('the cluster', { url: server.url, tokenFile: '/nowhere/token' })
  const error: Error = await client.review('a', username, 'mlflow').catch((refusal) => refusal)
  t.match(error, { reason: 'issuer-unavailable', cause: { message: /\/nowhere\/token does not exist/ } })
  t.notMatch(error.message, /nowhere/, 'callers do not read of files')
  t.same(server.asked, [])
  await client.close()
})

t.test('a known token counts for five minutes while the API server fails, and not once it is refused', async (t) => {
  const { server, state, reviews, enter } = await start(t)
  await enter()
  await enter('b')
  server.mood = { status: 500 }
  state.now += 299_999
  t.equal(await enter(), verified)
  t.match(reviews.concern(), /it answered with status 500/)
  t.equal(state.problems.length, 1)
  state.now += 2
  await t.rejects(enter(), outage)
  server.mood = {}
  server.gone.add('b')
  state.now += 1_000
  await t.rejects(enter('b'), gone)
  server.mood = { status: 500 }
  state.now += 10_001
  await t.rejects(enter('b'), outage, 'what it said before the refusal is forgotten')
  state.now += 300_001
  t.equal(reviews.concern(), null, 'nobody has asked for five minutes')
})
