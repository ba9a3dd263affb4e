import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { entraIssuer } from '../../../src/server/auth/issuer.ts'
import { entraKeys } from '../../../src/server/auth/key-place.ts'
import { type KeyReading, KeySource } from '../../../src/server/auth/key-source.ts'
import { type Answer, startIssuer } from '../../fakes/issuer.ts'
import { authenticateWith } from '../../harness/authenticate-with.ts'

/** An issuer, the source of its keys with a clock that the test moves, and what the source reported. */
async function start(t: { teardown: (end: () => unknown) => void }, answer: Answer = 'keys') {
  const issuer = await startIssuer()
  issuer.setAnswer(answer)
  const entra = { tenantId: issuer.tenantId, audiences: [issuer.audience], authority: issuer.authority }
  const clock = { ms: 1_000_000 }
  const readings: KeyReading[] = []
  const keys = new KeySource({ place: entraKeys(entra), clock: () => clock.ms, report: (reading) => readings.push(reading) })
  t.teardown(async () => {
    await keys.close()
    await issuer.close()
  })
  const authenticate = authenticateWith({ issuers: [entraIssuer(entra, keys)] })
  const enter = async (kid?: string) =>
    authenticate([`Bearer ${await issuer.token({}, kid === undefined ? {} : { header: { kid } })}`])
  return { issuer, keys, clock, readings, enter, authenticate }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !condition(); tries += 1) await sleep(25)
}

const unauthenticated = { reason: 'unauthenticated', message: /no key with the token's key id/ }

t.test('the first callers wait for one reading, together', async (t) => {
  const { issuer, keys, enter } = await start(t)
  t.equal(keys.ready, false)
  await Promise.all(Array.from({ length: 50 }, () => enter()))
  t.equal(issuer.reads(), 1)
  t.equal(keys.ready, true)
})

t.test('a new key is taken at once, and shortly after unknown ones were asked for', async (t) => {
  const { issuer, clock, enter } = await start(t)
  await enter()
  clock.ms += 60_000
  await issuer.rotate()
  await enter()
  t.equal(issuer.reads(), 2, 'a new key id is looked up at once')
  await t.rejects(enter('unknown'), unauthenticated)
  await issuer.rotate()
  await t.rejects(enter(), unauthenticated)
  clock.ms += 7_000
  await enter()
  t.equal(issuer.reads(), 3)
})

t.test('a flood of unknown key ids causes few readings, and honest callers do not notice', async (t) => {
  const { issuer, clock, enter } = await start(t)
  await enter()
  const flood = async (kinds: number) => Promise.allSettled(Array.from({ length: kinds }, (_, kind) => enter(`unknown-${kind}`)))
  await flood(200)
  t.equal(issuer.reads(), 1, 'the keys are fresh')
  clock.ms += 7_000
  await flood(200)
  t.equal(issuer.reads(), 2)
  for (let second = 0; second < 600; second += 1) {
    clock.ms += 1_000
    await enter(`unknown-${second}`).catch(() => undefined)
  }
  t.ok(issuer.reads() <= 2 + 6 + 30, `${issuer.reads()} readings in ten minutes`)
  await issuer.rotate()
  clock.ms += 20_000
  await enter()
  t.pass('and after the flood a new key is taken')
})

const bad: [string, Answer][] = [
  ['HTML', { headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' }],
  ['an empty key set', { body: '{"keys":[]}' }],
  ['another document', { body: '{"error":"x"}' }],
  ['a list', { body: '[]' }],
  ['nothing', { body: '' }],
  ['keys twice', { body: '{"keys":[],"keys":[]}' }],
  ['half an answer', { headers: { 'content-length': '5000' }, body: '{"keys":[' }],
  ['an error', { status: 500, body: '{}' }],
  ['a refusal with nothing in it', { status: 404, body: '' }],
  ['too many requests', { status: 429, body: '{"keys":[]}' }],
  ['a closed connection', 'drop'],
  ['bytes that are no text', { headers: { 'content-encoding': 'gzip' }, body: '\u001f\u008b\u0008' }],
]

t.test('a bad answer keeps the old keys, says why, and is not asked for again and again', async (t) => {
  const { issuer, keys, clock, readings, enter } = await start(t)
  await enter()
  const big = { body: JSON.stringify({ ...issuer.keySet(), padding: 'x'.repeat(600 * 1024) }) }
  for (const [name, answer] of [...bad, ['good keys in more than 512 KiB', big] as const]) {
    clock.ms += 21_000
    issuer.setAnswer(answer)
    const before = issuer.reads()
    await t.rejects(enter('unknown'), unauthenticated, name)
    await t.rejects(enter('unknown'), unauthenticated, name)
    t.equal(issuer.reads(), before + 1, `${name} is asked for once`)
    t.match(readings.at(-1), { keys: 1, problem: /./ }, name)
    t.ok(await enter(), `${name}: the known key works`)
  }
  issuer.setAnswer('keys')
  t.equal(await keys.refresh(), true)
  t.match(readings.at(-1), { keys: 1, problem: null })
})

t.test('a redirect is not followed, even to good keys', async (t) => {
  const other = await startIssuer()
  t.teardown(other.close)
  const location = `${other.authority}/${other.tenantId}/discovery/v2.0/keys`
  for (const status of [301, 302, 307, 308]) {
    const { keys } = await start(t, { status, headers: { location }, body: JSON.stringify(other.keySet()) })
    t.equal(await keys.refresh(), false, String(status))
    t.equal(keys.ready, false)
  }
  t.equal(other.reads(), 0)
})

t.test('an issuer that hangs holds a caller for three seconds at most', async (t) => {
  const { issuer, clock, enter } = await start(t)
  await enter()
  clock.ms += 60_000
  issuer.setAnswer('hang')
  const started = performance.now()
  const lost = enter('unknown')
  await enter()
  t.ok(performance.now() - started < 1_000, 'a known key waits for nothing')
  await t.rejects(lost, unauthenticated)
  t.ok(performance.now() - started < 4_500)
})

t.test('with the issuer down at the start no token can be judged, and it recovers by itself', async (t) => {
  const { issuer, keys, readings, enter, authenticate } = await start(t, 'drop')
  await t.rejects(enter(), { reason: 'issuer-unavailable', message: /keys/ })
  const value = `Bearer ${await issuer.token()}`
  await Promise.allSettled(Array.from({ length: 200 }, () => authenticate([value])))
  t.ok(issuer.reads() <= 2, 'callers do not add to the trouble')
  t.equal(keys.ready, false)
  await until(() => readings.length > 1)
  issuer.setAnswer('keys')
  await until(() => keys.ready)
  t.ok(await enter())
})

t.test('only RSA signature keys of this issuer are used', async (t) => {
  const { issuer, keys } = await start(t)
  const [good] = issuer.keySet().keys
  await issuer.rotate()
  const [other] = issuer.keySet().keys
  const short = Buffer.alloc(255, 0xff).toString('base64url')
  const entries: [string, object, boolean][] = [
    ['plain', { use: undefined, alg: undefined }, true],
    ['of-this-issuer', { issuer: `${issuer.authority}/{tenantid}/v2.0` }, true],
    ['of-this-tenant', { issuer: `https://sts.windows.net/${issuer.tenantId}/` }, true],
    ['of-another-tenant', { issuer: `${issuer.authority}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0` }, false],
    ['of-a-list', { issuer: [] }, false],
    ['encrypts', { use: 'enc' }, false],
    ['pss', { alg: 'PS256' }, false],
    ['signs', { key_ops: ['sign'] }, false],
    ['elliptic', { kty: 'EC' }, false],
    ['secret', { kty: 'oct', k: 'c2VjcmV0' }, false],
    ['short', { n: short }, false],
    ['padded-with-zeros', { n: Buffer.concat([Buffer.alloc(64), Buffer.from(short, 'base64url')]).toString('base64url') }, false],
    ['exponent-one', { e: 'AQ' }, false],
    ['exponent-three', { e: 'Aw' }, false],
    ['exponent-even', { e: 'AQAC' }, false],
    ['no-modulus', { n: undefined }, false],
    ['a-number', { n: 7 }, false],
  ]
  const all = entries.map(([kid, changes]) => ({ ...good, ...changes, kid }))
  const twice = [
    { ...good, kid: 'same' },
    { ...good, kid: 'same' },
    { ...good, kid: 'split' },
    { ...other, kid: 'split' },
  ]
  const strange = [null, 'key-1', [], { ...good, kid: undefined }, { ...good, kid: '' }, { ...good, kid: 7 }]
  issuer.setAnswer({ body: JSON.stringify({ keys: [...all, ...twice, ...strange] }) })
  await keys.refresh()
  t.equal(await keys.refresh(), true)
  for (const [kid, , usable] of entries) t.equal(keys.current(kid) !== undefined, usable, kid)
  t.ok(keys.current('same'), 'one key written twice')
  t.equal(keys.current('split'), undefined, 'two keys under one id: neither')
  t.equal(keys.current('key-1'), undefined, 'a good answer without a key withdraws it')
})

t.test('a closed source asks nobody and keeps what it has', async (t) => {
  const { issuer, keys, clock, enter } = await start(t)
  await enter()
  await keys.close()
  clock.ms += 60_000
  await t.rejects(enter('unknown'), unauthenticated)
  t.ok(await enter())
  t.equal(issuer.reads(), 1)
  const hanging = await start(t, 'hang')
  await hanging.keys.close()
  t.same(hanging.readings, [], 'closing ends a reading under way, and that is no outage')
})
