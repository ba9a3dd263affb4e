import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { LineSink } from '../../../src/server/observability/line-sink.ts'
import { createLog } from '../../../src/server/observability/log.ts'
import { Metrics } from '../../../src/server/observability/metrics.ts'
import { openAudit } from '../../../src/server/observability/open-audit.ts'
import { OtlpLogs } from '../../../src/server/observability/otlp-logs.ts'
import { RotatingFile } from '../../../src/server/observability/rotating-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'audit-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const silent = { lost: () => undefined }
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `${from + index}\n`)

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 2_000; tries++) await sleep(5)
}

t.test('law: a file is continued in new ones, also if others move it, and no line is lost, repeated or cut', async (t) => {
  const path = join(folder, 'law.jsonl')
  const sink = new LineSink(await RotatingFile.open({ path, bytes: 2_000, kept: 100 }), silent)
  for (let part = 0; part < 10; part++) {
    for (const line of numbers(300, part * 300)) sink.write(line)
    await sink.end(5_000)
    if (part === 4) renameSync(path, join(folder, 'moved.jsonl'))
    if (part === 7) rmSync(`${path}.1`)
  }
  const older = readdirSync(folder).filter((name) => name.startsWith('law.jsonl.'))
  t.ok(older.length > 3, `${older.length} older files`)
  const files = older.sort((a, b) => Number(b.split('.').at(-1)) - Number(a.split('.').at(-1)))
  const texts = [...files, 'moved.jsonl', 'law.jsonl'].map((name) => readFileSync(join(folder, name), 'utf8'))
  for (const text of texts) t.ok(text.length <= 2_000 && text.endsWith('\n'))
  const lines = texts
    .join('')
    .trim()
    .split('\n')
    .map(Number)
    .sort((a, b) => a - b)
  t.equal(new Set(lines).size, lines.length, 'none twice')
  t.ok(lines.length >= 3_000 - 600 && lines.at(-1) === 2_999, `${lines.length}: but those in the file that was removed`)
})

t.test('as many older files are kept as configured', async (t) => {
  for (const kept of [0, 2]) {
    const path = join(folder, `kept-${kept}.jsonl`)
    const sink = new LineSink(await RotatingFile.open({ path, bytes: 100, kept }), silent)
    for (let part = 0; part < 6; part++) {
      for (const line of numbers(30)) sink.write(line)
      await sink.end(5_000)
    }
    t.equal(readdirSync(folder).filter((name) => name.startsWith(`kept-${kept}.`)).length, kept + 1)
  }
})

t.test('a full disk is said, and nothing is lost while lines can wait', async (t) => {
  let lost = 0
  const said: (string | null)[] = []
  const file = await RotatingFile.open({ path: '/dev/full', bytes: 1_000_000, kept: 0 })
  const sink = new LineSink(file, { lost: (lines) => (lost += lines), failing: (problem) => void said.push(problem) })
  sink.write('a\n')
  await until(() => sink.failing !== null)
  t.match(sink.failing, /ENOSPC/)
  t.match(said, [/ENOSPC/], 'once')
  t.equal(lost, 0)
})

/** A collector that takes lines, or says that it does not. */
async function startCollector() {
  const taken: string[] = []
  const collector = { status: 200, taken, url: '', asked: 0, authorization: '', close: () => void server.close() }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    collector.asked += 1
    collector.authorization = request.headers.authorization ?? ''
    if (collector.status === 200) taken.push(Buffer.concat(chunks).toString())
    response.writeHead(collector.status, { 'content-type': 'application/json', connection: 'close' }).end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  collector.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1/logs`
  t.teardown(() => server.close())
  return collector
}

const line = (number: number) =>
  `{"level":30,"time":1796045591021,"audit":true,"number":${number},"traceId":null,"a":["x"],"msg":"request"}\n`

t.test('a collector gets every line once, as soon as it can: batches that it does not take wait', async (t) => {
  const collector = await startCollector()
  collector.status = 503
  const outlet = new OtlpLogs({ url: collector.url }, undefined)
  t.teardown(() => outlet.close())
  let lost = 0
  const sink = new LineSink(outlet, { lost: (lines) => (lost += lines) })
  for (let number = 0; number < 50; number++) sink.write(line(number))
  await until(() => collector.asked > 0)
  t.equal(sink.failing, null, 'lines may wait')
  collector.status = 200
  await until(() => collector.taken.length > 0)
  const [first = '{}'] = collector.taken
  const [scope] = JSON.parse(first).resourceLogs[0].scopeLogs
  t.match(scope.logRecords[7], {
    timeUnixNano: '1796045591021000000',
    severityNumber: 9,
    body: { stringValue: 'request' },
    attributes: [
      { key: 'audit', value: { boolValue: true } },
      { key: 'number', value: { intValue: '7' } },
      { key: 'a', value: { arrayValue: { values: [{ stringValue: 'x' }] } } },
    ],
  })
  t.equal(scope.logRecords.length, 50)
  t.equal(lost, 0)
})

t.test('when no more lines can wait, that is said until the collector takes lines again', async (t) => {
  const collector = await startCollector()
  collector.status = 503
  const outlet = new OtlpLogs({ url: collector.url }, undefined)
  t.teardown(() => outlet.close())
  let lost = 0
  const small = { send: (text: string) => outlet.send(text), sendNow: () => undefined, again: true, patient: true } as const
  const sink = new LineSink({ ...small, most: { waiting: 500, batch: 200, between: 0 } }, { lost: (lines) => (lost += lines) })
  for (let number = 0; number < 20; number++) sink.write(line(number))
  t.equal(sink.failing, 'too many lines wait')
  t.ok(lost > 10)
  collector.status = 200
  await until(() => sink.failing === null)
  t.equal(sink.failing, null)
})

t.test('what a collector will never take is lost and counted, and keeps nothing else', async (t) => {
  const collector = await startCollector()
  collector.status = 400
  const outlet = new OtlpLogs({ url: collector.url }, undefined)
  t.teardown(() => outlet.close())
  let lost = 0
  const sink = new LineSink(outlet, { lost: (lines) => (lost += lines) })
  sink.write(line(0))
  await until(() => lost > 0)
  collector.status = 200
  sink.write(line(1))
  await until(() => collector.taken.length > 0)
  t.match(collector.taken[0], '"intValue":"1"')
})

t.test('a destination of its own: the log has none of the lines, a metric says whether they can be written', async (t) => {
  const path = join(folder, 'own.jsonl')
  const metrics = new Metrics()
  const said: string[] = []
  const log = createLog('error', { write: (text) => void said.push(text) })
  const parts = {
    log,
    logSink: new LineSink({ send: async () => undefined, sendNow: () => undefined }, silent),
    metrics,
    outbound: undefined,
  }
  const audit = await openAudit({ destination: { kind: 'file', path, bytes: 1_000, kept: 1 }, onFailure: 'refuse' }, parts)
  audit.stream.log.info({ audit: true }, 'request')
  await audit.end(5_000)
  t.match(readFileSync(path, 'utf8'), /^\{"level":30,"time":\d+,"audit":true,"msg":"request"\}\n$/)
  t.same(said, [])
  t.match(await metrics.registry.metrics(), /^mlflow_env_proxy_audit_failing 0$/m)
  await t.rejects(
    openAudit(
      { destination: { kind: 'file', path: join(folder, 'no', 'x'), bytes: 1_000, kept: 1 }, onFailure: 'refuse' },
      parts,
    ),
    { code: 'ENOENT' },
  )
})

t.test('while it fails, changes are refused or go on, as configured', async (t) => {
  for (const onFailure of ['refuse', 'continue'] as const) {
    const metrics = new Metrics()
    const log = createLog('error', { write: () => undefined })
    const parts = {
      log,
      logSink: new LineSink({ send: async () => undefined, sendNow: () => undefined }, silent),
      metrics,
      outbound: undefined,
    }
    const destination = { kind: 'file', path: '/dev/full', bytes: 1_000, kept: 0 } as const
    const { stream } = await openAudit({ destination, onFailure }, parts)
    stream.log.info('request')
    let text = ''
    for (let tries = 0; tries < 400 && !/_failing 1$/m.test(text); tries++) {
      await sleep(5)
      text = await metrics.registry.metrics()
    }
    t.match(text, /^mlflow_env_proxy_audit_failing 1$/m)
    t.equal(stream.failing() === null, onFailure === 'continue')
  }
})

t.end()
