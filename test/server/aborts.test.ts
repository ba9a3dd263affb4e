import type { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { reply, runId, startFakeUpstream } from '../fakes/fake-upstream.ts'
import { startApp } from '../harness/app.ts'
import { isFullRun } from '../harness/full-run.ts'

/** A hundred would still show what stays behind. */
const count = Number(process.env.ABORTS ?? (isFullRun ? 500 : 250))
const atOnce = 24
const KiB = 1024

const upstream = await startFakeUpstream()
const app = await startApp({ upstream: upstream.url })
t.teardown(async () => {
  await app.close()
  await upstream.close()
})

/** A random number generator whose seed is told, so that a run can be had again (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    const mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    const more = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((more ^ (more >>> 14)) >>> 0) / 2 ** 32
  }
}

const seed = Number(process.env.ABORT_SEED ?? Date.now() % 2 ** 31)
const dice = random(seed)
const upTo = (most: number) => Math.floor(dice() * most)

/** Gives bytes as slowly as the reader takes them, in pieces. */
function giveBytes(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': String(bytes) })
  let left = bytes
  const give = () => {
    if (response.destroyed) return
    const piece = Buffer.alloc(Math.min(left, 64 * KiB))
    left -= piece.length
    if (left === 0) response.end(piece)
    else if (response.write(piece)) setImmediate(give)
    else response.once('drain', give)
  }
  give()
}

upstream.pause = () => (dice() < 0.5 ? 0 : upTo(8))
upstream.answer = (request, response) => {
  const answer = () => {
    if (response.destroyed) return
    if (request.method === 'GET' && request.url?.includes('mlflow-artifacts')) return giveBytes(response, 512 * KiB)
    reply(200, {})(request, response)
  }
  setTimeout(answer, upTo(10))
}

const store = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts`

interface Sent {
  readonly head: string
  readonly body: Buffer
}

function make(method: string, target: string, lines: readonly string[] = [], body = Buffer.alloc(0)): Sent {
  const all = [`${method} ${target} HTTP/1.1`, 'Host: proxy.example', `Authorization: Bearer ${app.token}`, ...lines]
  const length = body.length > 0 ? [`Content-Length: ${body.length}`] : []
  return { head: `${[...all, ...length].join('\r\n')}\r\n\r\n`, body }
}

const json = 'Content-Type: application/json'
const text = (value: object) => Buffer.from(JSON.stringify(value))

/** What clients ask for: every way in which something is streamed, and messages of each kind. */
const kinds: Readonly<Record<string, () => Sent>> = {
  'a small upload': () => make('PUT', `${store}/small.bin`, [], Buffer.alloc(2 * KiB)),
  'a large upload': () => make('PUT', `${store}/large.bin`, [], Buffer.alloc(2_500 * KiB)),
  'an upload by form': () =>
    make('POST', `/ajax-api/2.0/mlflow/upload-artifact?run_id=${runId}&path=x.bin`, [], Buffer.alloc(1_500 * KiB)),
  'a download': () => make('GET', `${store}/large.bin`),
  'a page of the UI': () => make('GET', '/static-files/main.js'),
  'a read': () => make('GET', `/api/2.0/mlflow/runs/get?run_id=${runId}`),
  'a change': () =>
    make('POST', '/api/2.0/mlflow/runs/log-metric', [json], text({ run_id: runId, key: 'a', value: 1, timestamp: 1 })),
  'a search': () => make('POST', '/api/2.0/mlflow/runs/search', [json], text({ experiment_ids: ['0'] })),
}

/** Sends a request and goes away: in its headers, its body, before the answer, in the answer, or just after it. */
async function abort(kind: string, { head, body }: Sent): Promise<void> {
  const socket: Socket = connect(app.port, '127.0.0.1').on('error', () => undefined)
  const leave = () => void (dice() < 0.5 ? socket.destroy() : socket.resetAndDestroy())
  const whole = Buffer.concat([Buffer.from(head), body])
  const stage = upTo(6)
  const ends = new Promise<void>((resolve) => void socket.once('close', () => resolve()))
  socket.once('connect', () => {
    if (stage === 0) socket.write(whole.subarray(0, upTo(head.length)), leave)
    else if (stage === 1) socket.write(whole.subarray(0, head.length + upTo(body.length)), () => setTimeout(leave, upTo(6)))
    else if (stage === 2)
      socket.write(whole.subarray(0, Math.max(head.length, whole.length - 1)), () => setTimeout(leave, upTo(20)))
    else if (stage === 3) socket.write(whole, () => setTimeout(leave, upTo(20)))
    else socket.write(whole)
  })
  let read = 0
  const most = stage === 4 ? 1 : 1 + upTo(600 * KiB)
  socket.on('data', (data) => {
    read += data.length
    if (stage >= 4 && read >= most) leave()
  })
  // What ends before so much has come is over all the same.
  const timer = setTimeout(leave, 1_000)
  await ends
  clearTimeout(timer)
  if (kind === '') throw new Error('a kind has a name')
}

async function settle(holds: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return true
    await sleep(50)
  }
  return false
}

const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

t.test('nothing outlives a client that goes away at whatever moment', async (t) => {
  t.comment(`ABORT_SEED=${seed}`)
  const idle = async () => (await upstream.connections()) === 0
  t.ok(await settle(idle), 'no connection to begin with')
  const before = sockets()
  const names = Object.keys(kinds)
  let begun = 0
  const work = async () => {
    while (begun < count) {
      const name = names[begun++ % names.length] ?? ''
      const make = kinds[name]
      if (make !== undefined) await abort(name, make())
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  t.equal(begun, count)
  t.ok(await settle(idle), `${await upstream.connections()} connections to MLflow are left`)
  t.ok(await settle(async () => sockets() <= before), `${sockets() - before} sockets are left`)
  const failed = app.lines().filter(({ level }) => Number(level) >= 50)
  t.same(failed, [], 'none of it was a surprise')
  const answer = await fetch(`${app.url}/api/2.0/mlflow/runs/get?run_id=${runId}`, {
    headers: { authorization: `Bearer ${app.token}` },
  })
  t.equal(answer.status, 200, 'and the next caller is served')
})

t.test('nothing is sent for a client that goes while look-ups run', async (t) => {
  upstream.pause = () => 150
  upstream.answer = reply(200, {})
  for (const [name, make] of Object.entries(kinds)) {
    if (name === 'a page of the UI') continue // it needs no look-up
    await sleep(1_100) // what is remembered for a second is asked for again
    upstream.received.length = 0
    const socket = connect(app.port, '127.0.0.1').on('error', () => undefined)
    const { head, body } = make()
    socket.write(Buffer.concat([Buffer.from(head), body]))
    await sleep(60)
    socket.resetAndDestroy()
    t.ok(await settle(async () => (await upstream.connections()) === 0), `${name}: its look-ups are given up`)
    t.same(
      upstream.received.map(({ method, url }) => `${method} ${url}`),
      [],
      `${name}: and it was never sent`,
    )
  }
})

t.end()
