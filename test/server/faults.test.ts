import { once } from 'node:events'
import { request } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { everyUpstream, type OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { isRepeatable } from '../../src/policy/evaluation-context.ts'
import { shapeOf } from '../../src/policy/messages/message-shape.ts'
import { isForProduction } from '../attacks/cross-environment-case.ts'
import { answerBytes, type BrokenUpstream, type Fault, startBrokenUpstream } from '../fakes/broken-upstream.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { goodMessage } from '../fixtures/full-message.ts'
import { type ClientRequest, writeRequest } from '../fixtures/message-request.ts'
import { type Belongings, makeTenancy, openSourceTenancy, type Tenancy } from '../fixtures/tenancy.ts'
import type { InProcess } from '../harness/app.ts'
import {
  answer,
  busy,
  cut,
  drop,
  failures,
  garbage,
  hang,
  ignore,
  lose,
  promise,
  say,
  strangeWords,
  trickle,
} from '../harness/faults.ts'
import { isFullRun } from '../harness/full-run.ts'
import { listen } from '../harness/listen.ts'
import { startTenancyApp } from '../harness/tenancy-app.ts'
import { isLookUp, startTenancyServer } from '../harness/tenancy-server.ts'

// Every endpoint of the table, before a server that breaks on purpose and remembers what it carried out.
const full = isFullRun
/** Each row of the table meets one of so many faults, in turns; `FAULTS=all` tries every one on each. */
const part = process.env.FAULTS === 'all' ? 1 : full ? 4 : 16
const issuer = await startIssuer()
const tokens = new Map<string, string>()
for (const name of ['acc', 'preprod', 'prod']) tokens.set(name, await issuer.token({ roles: [`admins_${name}`] }))

/** Milliseconds: undici counts in half seconds. */
const upstreamTimeouts = { connect: 1_000, answer: 1_000, download: 1_000, upload: 1_500, model: 1_000, pause: 1_000 }
/** All of them one after the other, and a busy machine. */
const longest = 8_000
/** Statuses that MLflow's clients send again by themselves, whatever the method. */
const replayed = [408, 429, 500, 502, 503, 504]

interface Place {
  readonly tenancy: Tenancy
  readonly app: InProcess
  readonly broken: BrokenUpstream
  readonly close: () => Promise<unknown>
}

async function open(tenancy: Tenancy): Promise<Place> {
  const server = await startTenancyServer(tenancy.facts)
  const broken = await startBrokenUpstream(server.url)
  const app = await startTenancyApp(tenancy, broken.url, issuer.authority, { upstreamTimeouts })
  return { tenancy, app, broken, close: () => Promise.all([app.close(), broken.close().then(() => server.close())]) }
}

const tenancies = [
  openSourceTenancy,
  makeTenancy('databricks'),
  makeTenancy('databricks', 'databricks'),
  makeTenancy('unityCatalog'),
]
const places = await Promise.all(tenancies.map(open))
t.teardown(() => Promise.all([issuer.close(), ...places.map((place) => place.close())]))

interface Answered {
  readonly status: number
  readonly text: string
  readonly retryAfter: string | undefined
  /** The answer ended as it should. */
  readonly whole: boolean
  readonly ms: number
}

/** What a client gets. Nothing at all is status 0. */
async function send(
  { app, tenancy }: Place,
  caller: Belongings,
  { method, target, body, headers }: ClientRequest,
): Promise<Answered> {
  const started = performance.now()
  const url = `${tenancy.mode === 'databricks' ? app.databricksHost : app.url}${target}`
  const length = body === null ? {} : { 'content-length': Buffer.byteLength(body) }
  const authorization = `Bearer ${tokens.get(caller.environment.name)}`
  const asked = request(url, { method, headers: { ...headers, ...length, authorization }, agent: false })
  // Who is answered early may be cut off while it still sends.
  asked.on('error', () => undefined)
  asked.end(body ?? undefined)
  const ms = () => performance.now() - started
  try {
    const [answer] = await once(asked, 'response', { signal: AbortSignal.timeout(longest + 2_000) })
    const { statusCode: status = 0, headers: said } = answer
    let text = ''
    try {
      for await (const chunk of answer.setEncoding('latin1')) text += chunk
    } catch {
      return { status, text, retryAfter: said['retry-after'], whole: false, ms: ms() }
    }
    return { status, text, retryAfter: said['retry-after'], whole: true, ms: ms() }
  } catch {
    asked.destroy()
    return { status: 0, text: '', retryAfter: undefined, whole: false, ms: ms() }
  }
}

/** The tested rows. Artifacts of a workspace are in its storage, which has separate tests. */
function rowsOf({ kind, mode }: Tenancy): OpenEndpoint[] {
  const rows = [...endpointTable(kind, mode).open.values()]
  if (kind === 'mlflow') return rows
  const others = endpointTable(kind, 'http').open
  const own = rows.filter(({ name, upstreams }) => upstreams !== everyUpstream && (mode === 'http' || !others.has(name)))
  return own.filter(({ bytes, resource }) => bytes === undefined && resource !== 'artifact')
}

interface Trial {
  readonly place: Place
  readonly endpoint: OpenEndpoint
  readonly caller: Belongings
  readonly asked: ClientRequest
  /** What comes without a fault. */
  readonly good: Answered
}

async function prepare(place: Place, endpoint: OpenEndpoint): Promise<Trial> {
  const [inAcc, , inProd] = place.tenancy.places
  const caller = isForProduction(endpoint) ? inProd : inAcc
  const asked = writeRequest(endpoint, goodMessage(endpoint, caller))
  place.broken.fault = () => null
  return { place, endpoint, caller, asked, good: await send(place, caller, asked) }
}

const isRead = ({ action }: OpenEndpoint) => action === 'read' || action === 'search'

/** Does something bad to a request: to a change itself, after all questions; of what only reads, to the first of its look-ups. */
async function tryFault(t: Test, { place, endpoint, caller, asked, good }: Trial, name: string, fault: Fault): Promise<Answered> {
  const { broken } = place
  const read = isRead(endpoint)
  broken.fault = ({ method, path }) => (read || !isLookUp(method, path.split('?')[0] ?? '') ? fault : null)
  const before = broken.ledger.length
  const got = await send(place, caller, asked)
  broken.fault = () => null
  const what = `${endpoint.name}, ${name}: ${got.status} ${got.text.slice(0, 160)}`
  const written = broken.ledger.slice(before).map(({ method, path, body }) => `${method} ${path} ${body.toString('latin1')}`)
  if (!read) t.equal(new Set(written).size, written.length, `${what}: no write twice`)
  t.ok(got.ms < longest, `${what}: within its limits (${Math.round(got.ms)} ms)`)
  if (got.status === good.status && got.text === good.text && got.whole) return got
  if (got.whole) checkSentence(t, got, what)
  else t.equal(endpoint.bytes === undefined, false, `${what}: only a stream may break off`)
  const sure = isRepeatable(endpoint) || endpoint.method === 'PUT' || endpoint.bytes !== undefined || written.length === 0
  t.ok(
    sure || !replayed.includes(got.status),
    `${what}: a change of which nobody knows whether it was made is sent again by no client`,
  )
  return got
}

/** An error says in a sentence what is the matter, and nothing of the server's own. */
function checkSentence(t: Test, { status, text, retryAfter }: Answered, what: string): void {
  t.ok(status >= 400, `${what}: an error`)
  t.match(text, /^\{"error_code":"[A-Z_]+","message":"[A-Z][^<]{20,}"\}$|^<!DOCTYPE|^\{"data":|^\{"detail":/, `${what}: in words`)
  t.notMatch(
    text,
    /127\.0\.0\.1|UND_ERR|HPE_|ECONN|SSH-|intermediary speaks|at .*:\d+:\d+/,
    `${what}: nothing of the server's own`,
  )
  t.equal(retryAfter !== undefined, status === 503 || status === 429, `${what}: Retry-After goes with 503 and 429`)
}

const broken: Readonly<Record<string, Fault>> = {
  ...garbage,
  drop,
  'cut in the answer': cut(1),
  'an end in the answer': cut(1, 'end'),
}

/** The fields of the answer that hold more than a value, each with something that it cannot be. */
function wrongTypes({ response }: OpenEndpoint): Fault | null {
  const fields = [...shapeOf(response).fields].filter(([, { repeated, message }]) => repeated || message !== undefined)
  const wrong = fields.map(([name, { repeated }]) => [name, repeated ? { x: 1 } : [7]])
  return wrong.length === 0 ? null : answer(200, JSON.stringify(Object.fromEntries(wrong)))
}

/** What may happen to an endpoint: of bytes nobody knows what they should be, and what a model says is its own affair. */
function faultsOf(endpoint: OpenEndpoint): (readonly [string, Fault])[] {
  if (endpoint.bytes === 'both') return Object.entries(broken)
  if (endpoint.bytes !== undefined) return Object.entries({ ...broken, ...failures, ...busy })
  return Object.entries({ ...broken, ...failures, ...busy, ...strangeWords })
}

for (const place of places) {
  const { kind, mode } = place.tenancy
  t.test(`whatever breaks, no change is made twice and every answer says what to do: ${kind}, mode ${mode}`, async (t) => {
    for (const [index, endpoint] of rowsOf(place.tenancy).entries()) {
      const trial = await prepare(place, endpoint)
      // Everyday each endpoint meets a few of them, in turn.
      const some = faultsOf(endpoint).filter((_, at) => (at + index) % part === 0)
      for (const [name, fault] of [['the answer is lost', lose] as const, ...some]) await tryFault(t, trial, name, fault)
      const wrong = endpoint.bytes === undefined ? wrongTypes(endpoint) : null
      if (wrong !== null) await tryFault(t, trial, 'wrong types', wrong)
    }
  })
}

/** One row of each kind, as far as waiting goes. */
function samples(tenancy: Tenancy): OpenEndpoint[] {
  const kinds = new Map(
    rowsOf(tenancy).map((row) => [[row.bytes, row.search !== undefined, isRepeatable(row), row.method, row.body].join(), row]),
  )
  return [...kinds.values()].filter(({ bytes }) => bytes !== 'both')
}

const silent: readonly (readonly [string, Fault])[] = [
  ['it never answers', hang],
  ['it does not even carry it out', ignore],
  ['it answers a byte at a time', trickle(150)],
  ['it says time and again that it will answer', promise(150)],
]

t.test('no request waits longer than its limits, and none that may have been carried out is sent again', async (t) => {
  const tryAll = async ([name, fault]: (typeof silent)[number]) => {
    const place = await open(openSourceTenancy)
    t.teardown(place.close)
    const trials: Trial[] = []
    for (const endpoint of samples(openSourceTenancy)) trials.push(await prepare(place, endpoint))
    const { broken } = place
    for (const read of [true, false]) {
      broken.fault = ({ method, path }) => (read || !isLookUp(method, path.split('?')[0] ?? '') ? fault : null)
      await Promise.all(trials.filter(({ endpoint }) => isRead(endpoint) === read).map((trial) => judge(t, trial, name, broken)))
    }
  }
  await Promise.all(silent.map(tryAll))
})

async function judge(
  t: Test,
  { place, caller, asked, endpoint }: Trial,
  name: string,
  { ledger }: BrokenUpstream,
): Promise<void> {
  const before = ledger.length
  const got = await send(place, caller, asked)
  const what = `${endpoint.name}, ${name}: ${got.status} ${got.text.slice(0, 160)}`
  const again = isRepeatable(endpoint) && endpoint.bytes !== 'up'
  t.ok(got.ms < longest, `${what}: within its limits (${Math.round(got.ms)} ms)`)
  const tail = asked.target.replace(/^.*?(?=\/mlflow)|\?.*$/g, '')
  const own = ledger.slice(before).filter(({ method, path }) => method === endpoint.method && path.includes(tail))
  // What was not sent yet, because a look-up before it got no answer, may be sent again.
  t.ok(got.status === (again ? 503 : 409) || (own.length === 0 && got.status === 503), what)
  t.ok(own.length <= 1, `${what}: once`)
  checkSentence(t, got, what)
  t.match(got.text, /did not answer in time|The connection to MLflow broke/, what)
}

/** One place, for what follows. */
const [place = await open(openSourceTenancy)] = places
const [inAcc] = openSourceTenancy.places
const rowNamed = (name: string) => {
  const row = rowsOf(openSourceTenancy).find((endpoint) => endpoint.name === name)
  if (row === undefined) throw new Error(`no endpoint ${name}`)
  return row
}

/** Cuts at every byte, or at some forty of them everyday. */
function cuts(length: number): number[] {
  const step = part === 1 ? 1 : Math.max(1, Math.floor(length / (full ? 160 : 40)))
  return Array.from({ length: Math.ceil(length / step) }, (_, index) => 1 + index * step).filter((at) => at < length)
}

t.test('an answer that breaks off at any byte never looks whole', async (t) => {
  const content = Buffer.from(Array.from({ length: 600 }, (_, index) => 97 + (index % 26)))
  const chunks = Buffer.concat(
    [content.subarray(0, 200), content.subarray(200)].map((part) =>
      Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
    ),
  )
  const inChunks = Buffer.concat([
    Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n'),
    chunks,
    Buffer.from('0\r\n\r\n'),
  ])
  const json = Buffer.from(JSON.stringify({ experiments: [{ experiment_id: inAcc.experiment, name: '/experiments/acc/churn' }] }))
  const cases: readonly (readonly [string, Buffer])[] = [
    ['downloadArtifact', answerBytes(200, content, { 'content-type': 'application/octet-stream' })],
    ['downloadArtifact', inChunks],
    ['getUiFile', inChunks],
    ['searchExperiments', answerBytes(200, json)],
  ]
  for (const [name, whole] of cases) {
    const { caller, asked } = await prepare(place, rowNamed(name))
    place.broken.fault = () => say(whole)
    const good = await send(place, caller, asked)
    t.same([good.status, good.whole], [200, true], `${name}: whole`)
    for (const [at, how] of cuts(whole.length).flatMap((at) => (['end', 'reset'] as const).map((how) => [at, how] as const))) {
      place.broken.fault = () => say(whole.subarray(0, at), how)
      const got = await send(place, caller, asked)
      const broke = !got.whole || got.status >= 500
      t.ok(
        broke || got.text === good.text,
        `${name}, ${how} after ${at} of ${whole.length} bytes: ${got.status} ${got.text.length}`,
      )
    }
  }
  place.broken.fault = () => null
})

t.test('an upload that the server breaks off at any byte is no success', async (t) => {
  const { caller, asked } = await prepare(place, rowNamed('uploadArtifact'))
  const body = 'x'.repeat(3_000)
  for (const at of cuts(body.length)) {
    place.broken.receive = (socket, bytes) => {
      if (bytes < at) return false
      socket.resetAndDestroy()
      return true
    }
    // Look-ups are short: what is broken off is the first request that is long enough.
    place.broken.fault = () => null
    const got = await send(place, caller, { ...asked, body })
    place.broken.receive = null
    t.ok(got.status >= 400 || got.status === 0, `after ${at} bytes: ${got.status}`)
    if (got.status !== 0) checkSentence(t, got, `after ${at} bytes: ${got.text}`)
  }
})

t.test(
  'a server that is restarted: 503 and Retry-After for everything while it is away, and then everything again',
  async (t) => {
    const trials: Trial[] = []
    for (const endpoint of samples(openSourceTenancy)) trials.push(await prepare(place, endpoint))
    await place.broken.goDown()
    const before = place.broken.ledger.length
    for (const { caller, asked, endpoint } of trials) {
      const got = await send(place, caller, asked)
      t.same([got.status, got.retryAfter], [503, '1'], `${endpoint.name}: ${got.text}`)
      t.match(got.text, /MLflow does not answer at the moment\. Try again shortly\./, endpoint.name)
    }
    await place.broken.comeBack()
    t.equal(place.broken.ledger.length, before)
    for (const { caller, asked, endpoint, good } of trials)
      t.equal((await send(place, caller, asked)).status, good.status, `${endpoint.name} is served again`)
  },
)

t.test('a server that takes connections and says nothing, or stops reading', async (t) => {
  const held: Socket[] = []
  const mute = createServer((socket) => void held.push(socket.on('error', () => undefined)))
  const port = await listen(mute)
  const secure = await startTenancyApp(openSourceTenancy, `https://127.0.0.1:${port}`, issuer.authority, { upstreamTimeouts })
  t.teardown(async () => {
    await secure.close()
    mute.close()
    for (const socket of held) socket.destroy()
  })
  const { caller, asked } = await prepare(place, rowNamed('createRegisteredModel'))
  const unsecured = await send({ ...place, app: secure }, caller, asked)
  t.same([unsecured.status, unsecured.retryAfter], [503, '1'], 'TLS that is never agreed on: nothing was sent')
  t.ok(unsecured.ms < longest, `${Math.round(unsecured.ms)} ms`)

  const hasty = await startTenancyApp(openSourceTenancy, place.broken.url, issuer.authority, {
    upstreamTimeouts,
    timeouts: { headers: 10_000, idle: 1_000, keepAlive: 65_000 },
  })
  t.teardown(() => hasty.close())
  const upload = await prepare(place, rowNamed('uploadArtifact'))
  place.broken.receive = (socket, bytes) => {
    if (bytes > 2_000) held.push(socket.pause())
    return bytes > 2_000
  }
  const got = await send({ ...place, app: hasty }, upload.caller, { ...upload.asked, body: 'x'.repeat(32 * 1024 * 1024) })
  place.broken.receive = () => true
  // Only who reads is told that nobody is there any more.
  for (const socket of held) socket.resume()
  t.ok(
    got.ms < longest && (got.status === 0 || got.status >= 400),
    `an upload that is not read: ${got.status}, ${Math.round(got.ms)} ms`,
  )
  for (let tries = 0; tries < 100 && place.broken.connections() > 0; tries++) await sleep(50)
  t.equal(place.broken.connections(), 0, 'and its connection is given up')
  place.broken.receive = null
})

t.end()
