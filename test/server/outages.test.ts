import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { Agent, type Dispatcher } from 'undici'
import { DatabricksDirectory } from '../../src/server/auth/databricks-directory.ts'
import { RememberedDirectory } from '../../src/server/auth/directory.ts'
import { entraIssuer } from '../../src/server/auth/issuer.ts'
import { entraKeys } from '../../src/server/auth/key-place.ts'
import { type KeyReading, KeySource } from '../../src/server/auth/key-source.ts'
import { databricksAudience } from '../../src/server/config/databricks-audience.ts'
import { answerBytes, type Fault, startBrokenUpstream } from '../fakes/broken-upstream.ts'
import { startIssuer, tenantId } from '../fakes/issuer.ts'
import { makeTenancy } from '../fixtures/tenancy.ts'
import { startInProcess } from '../harness/app.ts'
import { authenticateWith } from '../harness/authenticate-with.ts'
import { drop, failures, garbage, hang, say, strangeWords } from '../harness/faults.ts'
import { startTenancyServer } from '../harness/tenancy-server.ts'

const [minute, hour, day] = [60, 3_600, 86_400]

/** A clock that only the test moves, with the timers that hang on it; milliseconds. */
class FakeClock {
  now = 1_000_000
  #timers: { at: number; work: () => void }[] = []

  readonly later = (work: () => void, milliseconds: number) => {
    const timer = { at: this.now + milliseconds, work }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Lets so many seconds pass; after each timer, `settled` waits for what it began. */
  async pass(seconds: number, settled: () => Promise<unknown>): Promise<void> {
    const end = this.now + seconds * 1_000
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.now = Math.max(this.now, next.at)
      this.#timers = this.#timers.filter((other) => other !== next)
      next.work()
      await settled()
    }
    this.now = end
  }
}

/** The way to the issuer, which may be closed; it counts who goes there. */
class Way extends Agent {
  blocked = false
  attempts = 0

  override dispatch(options: Agent.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.attempts += 1
    if (this.blocked) throw new Error('there is no way to the issuer')
    return super.dispatch(options, handler)
  }
}

/** An issuer, the source of its keys and callers, all on one fake clock. */
async function start(t: Test, away: boolean) {
  const issuer = await startIssuer()
  const entra = { tenantId: issuer.tenantId, audiences: [issuer.audience], authority: issuer.authority }
  const clock = new FakeClock()
  const readings: KeyReading[] = []
  const way = new Way()
  way.blocked = away
  const keys = new KeySource({
    dispatcher: way,
    place: entraKeys(entra),
    clock: () => clock.now,
    later: clock.later,
    report: (reading) => readings.push(reading),
  })
  t.teardown(() => Promise.all([keys.close(), way.close(), issuer.close()]))
  const epoch = Date.now() - clock.now
  const seconds = () => Math.floor((epoch + clock.now) / 1_000)
  const authenticate = authenticateWith({ issuers: [entraIssuer(entra, keys)], now: () => epoch + clock.now })
  const enter = async (kid?: string) => {
    const times = { iat: seconds(), nbf: seconds(), exp: seconds() + hour }
    return authenticate([`Bearer ${await issuer.token(times, kid === undefined ? {} : { header: { kid } })}`])
  }
  // A timer's own reading is under way: this waits for it.
  const pass = (time: number) => clock.pass(time, () => keys.refresh())
  await keys.refresh()
  return { issuer, keys, readings, enter, pass, way }
}

t.test('the issuer is away for a day: known keys go on, strangers cost little, and it is noticed when it is back', async (t) => {
  const { issuer, keys, readings, enter, pass, way } = await start(t, false)
  t.equal(keys.staleFor, null)
  await pass(10 * minute)
  t.equal(issuer.reads(), 3, 'every five minutes while all is well')
  way.blocked = true
  const before = way.attempts
  for (let passed = 0; passed < day; passed += hour) {
    await pass(hour)
    t.ok(await enter(), `after ${passed / hour + 1} hours a known key is good`)
    if (passed % (6 * hour) !== 0) continue
    const asked = way.attempts
    const strangers = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => enter(`stranger-${passed}-${index}`)))
    t.ok(strangers.every(({ status }) => status === 'rejected'))
    t.ok(way.attempts - asked <= 1, 'a flood of unknown keys is one reading')
  }
  const attempts = way.attempts - before
  t.ok(attempts > day / 31 && attempts < day / 25, `${attempts} attempts: twice a minute`)
  t.ok((keys.staleFor ?? 0) >= day && (keys.staleFor ?? 0) < day + 10 * minute, `it is told for how long: ${keys.staleFor} s`)
  t.match(readings.at(-1), { keys: 1, problem: /./ })
  await issuer.rotate()
  way.blocked = false
  await pass(8)
  t.ok(await enter(), 'within seconds a caller with a new key is let in')
  t.equal(keys.staleFor, null)
  t.match(readings.at(-1), { keys: 1, problem: null })
})

t.test('the issuer is away from the start: nobody is let in, and five seconds after its return everybody is', async (t) => {
  const { keys, enter, pass, way } = await start(t, true)
  await pass(hour)
  await t.rejects(enter(), { reason: 'issuer-unavailable', message: /have not been read yet, .*: try again shortly\./ })
  t.ok(way.attempts < hour / 4, `${way.attempts} attempts in an hour`)
  t.equal(keys.ready, false)
  way.blocked = false
  await pass(5)
  t.equal(keys.ready, true)
  t.ok(await enter())
})

t.test('the wall clock is stepped: tokens are judged by it as it is, and nothing lasts once it is right again', async (t) => {
  const issuer = await startIssuer()
  const entra = { tenantId: issuer.tenantId, audiences: [issuer.audience], authority: issuer.authority }
  const keys = new KeySource({ place: entraKeys(entra) })
  t.teardown(() => Promise.all([keys.close(), issuer.close()]))
  let step = 0
  const authenticate = authenticateWith({ issuers: [entraIssuer(entra, keys)], now: () => Date.now() + step * 1_000 })
  const value = [`Bearer ${await issuer.token()}`]
  t.ok(await authenticate(value))
  const cases: readonly (readonly [number, RegExp | null])[] = [
    [hour + 45, null],
    [hour + 75, /expired: fetch a new one/],
    [5 * hour, /expired/],
    [0, null],
    [-45, null],
    [-75, /not yet valid: check the clocks/],
    [-5 * hour, /check the clocks/],
    [0, null],
  ]
  for (const fresh of [false, true]) {
    for (const [seconds, message] of cases) {
      step = seconds
      const token = fresh ? [`Bearer ${await issuer.token({ jti: String(seconds) })}`] : value
      if (message === null) t.ok(await authenticate(token), `stepped by ${seconds} s`)
      else await t.rejects(authenticate(token), { reason: 'unauthenticated', message }, `stepped by ${seconds} s`)
    }
  }
  t.equal(issuer.reads(), 1, 'no step makes the keys old')
})

t.test('only tokens, certificates and times that others read are by the wall clock', async (t) => {
  const source = fileURLToPath(new URL('../../src', import.meta.url))
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const readers = files.filter((name) => /\bDate\.now\b|new Date\(\)/.test(readFileSync(join(source, name), 'utf8')))
  t.same(readers.sort(), [
    // `--since 24h`
    'commands/audit/audit.ts',
    // the time of its lines
    'server/adoption/adoption-journal.ts',
    'server/agent/agent-settings.ts',
    'server/auth/authenticate.ts',
    // how far the issuer's clock is from this one, for the doctor
    'server/auth/key-source.ts',
    'server/config/config-checks.ts',
    'server/credentials/managed-identity.ts',
    'server/login/login-parts.ts',
    // a date that a server names
    'server/network/retry-after.ts',
    'server/observability/line-sink.ts',
    // when a span began, and a refusal was
    'server/observability/open-tracing.ts',
    'server/observability/recent-refusals.ts',
    // when somebody signed, for people and for other replicas
    'server/promotions/promotions.ts',
  ])
})

t.test(
  'the directory is away for a day: groups are remembered for half an hour at most, then nobody is taken for whom they are not',
  async (t) => {
    const clock = { now: 1_000 }
    let away = false
    let asked = 0
    const askWho = async () => {
      asked += 1
      const text = JSON.stringify({ active: true, groups: [{ display: 'apps_acc' }] })
      return away
        ? { status: 503, contentType: 'text/html', text: '<html>' }
        : { status: 200, contentType: 'application/json', text }
    }
    const directory = new RememberedDirectory(new DatabricksDirectory({ askWho }, []), () => clock.now)
    const issuer = await startIssuer()
    t.teardown(() => issuer.close())
    const entra = { tenantId: issuer.tenantId, audiences: [issuer.audience], authority: issuer.authority }
    const keys = new KeySource({ place: entraKeys(entra) })
    t.teardown(() => keys.close())
    const { principal } = await authenticateWith({ issuers: [entraIssuer(entra, keys)] })([`Bearer ${await issuer.token()}`])
    const groups = () => directory.groupsOf({ principal, token: 'a-token' })
    t.same(await groups(), ['apps_acc'])
    away = true
    clock.now += 4 * minute * 1_000
    t.same(await groups(), ['apps_acc'], 'remembered')
    clock.now += 26 * minute * 1_000
    t.same(await groups(), ['apps_acc'], 'asked for again, in vain')
    const unavailable = {
      reason: 'upstream-unavailable',
      message: /cannot return your groups at the moment\. Try again shortly\./,
    }
    for (let passed = 0; passed < day; passed += hour) {
      clock.now += hour * 1_000
      await t.rejects(groups(), unavailable)
    }
    away = false
    clock.now += 1_000
    t.same(await groups(), ['apps_acc'], 'and a second after it is back')
    t.equal(asked, 3 + day / hour)
  },
)

t.test('a directory that breaks in whatever way lets nobody in, says what to do, and holds nobody up', async (t) => {
  const issuer = await startIssuer()
  const server = await startTenancyServer(makeTenancy('databricks').facts)
  const broken = await startBrokenUpstream(server.url)
  const upstreamTimeouts = { connect: 500, answer: 1_000, download: 1_000, upload: 1_000, model: 1_000, pause: 1_000 }
  const audience = databricksAudience
  let tokens = 1
  const app = await startInProcess(
    {
      upstream: { url: broken.url, kind: 'databricks', credentials: { mode: 'passthrough' } },
      authentication: { directory: 'databricks', entra: { tenantId, audiences: [audience], authority: issuer.authority } },
      environments: ['acc', 'prod'],
    },
    // A directory that failed is left alone for a while: here it never is.
    { upstreamTimeouts, callersClock: () => tokens * 120_000 },
  )
  t.teardown(async () => {
    await app.close()
    await broken.close()
    await Promise.all([server.close(), issuer.close()])
  })
  const me = say(answerBytes(200, JSON.stringify({ active: true, groups: [{ display: 'apps_acc' }] })))
  const ask = async (fault: Fault) => {
    broken.fault = ({ path }) => (path.includes('/scim/v2/Me') ? fault : null)
    const authorization = `Bearer ${await issuer.token({ aud: audience, roles: undefined, jti: String(tokens++) })}`
    const started = performance.now()
    const response = await fetch(`${app.url}/-/whoami`, { headers: { authorization } })
    return {
      status: response.status,
      text: await response.text(),
      ms: performance.now() - started,
      again: response.headers.get('retry-after'),
    }
  }
  t.equal((await ask(me)).status, 200)
  for (const [name, fault] of Object.entries({ ...garbage, ...strangeWords, ...failures, drop, hang })) {
    const got = await ask(fault)
    const what = `${name}: ${got.status} ${got.text}`
    t.ok(got.status === 503 || got.status === 501, what)
    t.match(got.text, /^\{"error_code":"[A-Z_]+","message":"[A-Z][^<]{20,}\."\}$/, what)
    t.equal(got.again !== null, got.status === 503, `${what}: Retry-After`)
    t.ok(got.ms < 5_000, `${what}: ${Math.round(got.ms)} ms`)
  }
  t.equal((await ask(me)).status, 200, 'and back it is')
})

t.end()
