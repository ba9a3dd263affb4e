import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { Refusal } from '../../../../src/policy/reasons.ts'
import { clientGone } from '../../../../src/server/network/client-gone.ts'
import { StreamDispatcher } from '../../../../src/server/pipeline/streams/stream-dispatcher.ts'
import { transfers } from '../../../../src/server/pipeline/streams/transfer.ts'
import { UploadBody } from '../../../../src/server/pipeline/streams/upload-body.ts'
import type { StreamTimeouts } from '../../../../src/server/pipeline/streams/watch.ts'
import { upstreamConnector } from '../../../../src/server/upstream/upstream-connector.ts'
import { listen } from '../../../harness/listen.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** The same time for everything, in milliseconds. */
function waits(milliseconds: number): StreamTimeouts {
  return { answer: ['download', milliseconds], upload: ['upload', milliseconds], idle: ['pause', milliseconds] }
}

/** An upstream of one connection, and a dispatcher before it with short limits. */
async function prepare(t: Test, limits: Partial<StreamTimeouts> = {}) {
  const bodies: string[] = []
  const state: { answer: Answer } = { answer: (_request, response) => void response.end('{}') }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('latin1').on('data', (text: string) => {
      body += text
    })
    request.on('error', () => undefined)
    request.once('close', () => bodies.push(`${body.length}${request.complete ? '' : ' of more'}`))
    request.once('end', () => state.answer(request, response))
    if (request.method === 'GET') request.resume()
  })
  const port = await listen(server)
  const pool = new Pool(`http://127.0.0.1:${port}`, {
    connections: 1,
    pipelining: 0,
    keepAliveTimeout: 1,
    connect: upstreamConnector(3_000),
  })
  t.teardown(async () => {
    await pool.destroy()
    server.closeAllConnections()
    server.close()
  })
  const dispatcher = new StreamDispatcher(pool, { ...waits(5_000), ...limits })
  return {
    dispatcher,
    bodies,
    state,
    connections: () => new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count))),
  }
}

type Prepared = Awaited<ReturnType<typeof prepare>>

/** Waits until there are so many connections. */
async function until({ connections }: Prepared, wanted: number): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if ((await connections()) === wanted) return true
    await sleep(10)
  }
  return false
}

/** Sends a body; gives the status, or the name of what went wrong, and how often the exchange was settled. */
function send({ dispatcher }: Prepared, upload: UploadBody | null, gone = new AbortController().signal) {
  const told = { settled: 0 }
  const settled = () => {
    told.settled += 1
  }
  const transfer = { gone, upload, settled, target: '/' }
  const options = { path: '/', method: upload === null ? 'GET' : 'PUT' } as const
  const outcome = new Promise<number | string>((resolve) => {
    transfers.run(transfer, () =>
      dispatcher.request(options, (error, data) => {
        if (error === null) data.body.resume()
        resolve(error === null ? data.statusCode : error.message)
      }),
    )
  })
  return { outcome, told }
}

/** A body of so many bytes that has come whole. */
async function whole(bytes: number, lastLook: () => Promise<void>): Promise<UploadBody> {
  const raw = new PassThrough()
  // In several pieces.
  for (let sent = 0; sent < bytes; sent += 50_000) raw.write(Buffer.alloc(Math.min(50_000, bytes - sent), 'x'))
  raw.end()
  const upload = new UploadBody(raw, { idle: 5_000, lastLook })
  await upload.readAhead(Number.POSITIVE_INFINITY)
  await upload.lookFirst()
  return upload
}

t.test('what waits for a connection is looked at again when it gets one', async (t) => {
  const place = await prepare(t)
  let release: () => void = () => undefined
  place.state.answer = (_request, response) => {
    release = () => void response.end('{}')
  }
  const first = send(place, await whole(1, async () => undefined))
  while (place.bodies.length === 0) await sleep(5)
  let frozen = false
  let looks = 0
  const look = async () => {
    looks += 1
    if (frozen) throw new Refusal('frozen', 'promoted meanwhile')
  }
  const second = send(place, await whole(100, look))
  await sleep(600)
  frozen = true
  place.state.answer = (_request, response) => void response.end('{}')
  release()
  t.equal(await first.outcome, 200)
  t.equal(await second.outcome, 'promoted meanwhile')
  t.equal(looks, 2)
  await sleep(20)
  t.same(place.bodies, ['1'], 'nothing of it was sent')
  t.same([first.told.settled, second.told.settled], [1, 1])
})

t.test('of a body that is streamed the last piece waits for the look, and what is refused is broken off', async (t) => {
  const place = await prepare(t)
  const raw = new PassThrough()
  const upload = new UploadBody(raw, {
    idle: 5_000,
    lastLook: async () => {
      throw new Refusal('frozen', 'no longer')
    },
  })
  const { outcome } = send(place, upload)
  raw.write(Buffer.alloc(10_000))
  await sleep(20)
  raw.end(Buffer.alloc(10))
  t.equal(await outcome, 'no longer')
  t.ok(await until(place, 0))
  t.same(place.bodies, ['10000 of more'])
})

t.test('a client that goes before its last byte takes the upload with it', async (t) => {
  const place = await prepare(t)
  const gone = new AbortController()
  const raw = new PassThrough()
  const { outcome, told } = send(place, new UploadBody(raw, { idle: 5_000, lastLook: async () => undefined }), gone.signal)
  raw.write(Buffer.alloc(10_000))
  await sleep(50)
  gone.abort(clientGone)
  t.equal(await outcome, 'the client disconnected')
  t.ok(await until(place, 0))
  t.equal(told.settled, 1)
})

t.test('a client that goes after its last byte leaves the upload to its end, and what it holds is held until then', async (t) => {
  const place = await prepare(t, { upload: ['upload', 1_500], abandoned: 50 })
  const gone = new AbortController()
  place.state.answer = () => undefined
  const { outcome, told } = send(place, await whole(10, async () => undefined), gone.signal)
  while (place.bodies.length === 0) await sleep(5)
  gone.abort(clientGone)
  await sleep(10)
  t.equal(await place.connections(), 1, 'it may still say that it is done')
  t.equal(await outcome, 'the client disconnected')
  t.equal(told.settled, 0, 'it may be at it all the same')
  t.ok(await until(place, 0), 'but not for long')
  while (told.settled === 0) await sleep(10)
  t.equal(told.settled, 1, 'until its time is over')
})

t.test('a client that only gets is worked for as long as it is there', async (t) => {
  const place = await prepare(t)
  const gone = new AbortController()
  place.state.answer = () => undefined
  const { outcome } = send(place, null, gone.signal)
  await sleep(50)
  gone.abort(clientGone)
  t.equal(await outcome, 'the client disconnected')
  t.ok(await until(place, 0))
  t.equal(await send(place, null, AbortSignal.abort(clientGone)).outcome, 'the client disconnected', 'or not at all')
})

t.test('an upstream that takes no more, or does not answer, is given up', async (t) => {
  const place = await prepare(t, waits(200))
  place.state.answer = () => undefined
  for (const bytes of [10, 1_000_000])
    t.match(await send(place, await whole(bytes, async () => undefined)).outcome, /timeouts\.uploadSeconds/, `${bytes} bytes`)
  t.match(await send(place, null).outcome, /timeouts\.downloadSeconds/)
  const slow = createServer((request) => void request.pause())
  const pool = new Pool(`http://127.0.0.1:${await listen(slow)}`)
  t.teardown(async () => {
    await pool.destroy()
    slow.closeAllConnections()
    slow.close()
  })
  const dispatcher = new StreamDispatcher(pool, waits(200))
  const raw = new PassThrough()
  const timer = setInterval(() => raw.write(Buffer.alloc(1_000_000)), 1)
  t.match(await send({ ...place, dispatcher }, new UploadBody(raw, { idle: 5_000 })).outcome, /timeouts\.pauseSeconds/)
  clearInterval(timer)
})

t.test('a client that sends nothing more is left', async (t) => {
  const place = await prepare(t)
  const raw = new PassThrough()
  const { outcome } = send(place, new UploadBody(raw, { idle: 50 }))
  raw.write('begun')
  t.equal(await outcome, 'the client disconnected')
  t.ok(raw.destroyed)
})

t.test('what is read ahead comes back as it was, whatever is in memory, on disk and still to come', async (t) => {
  const raw = new PassThrough()
  const upload = new UploadBody(raw, { idle: 5_000 })
  const pieces = Array.from({ length: 40 }, (_, index) => Buffer.alloc(10_000, index))
  for (const piece of pieces) raw.write(piece)
  await upload.readAhead(100_000)
  t.notOk(upload.isWhole)
  const spooling = upload.spool()
  raw.end('the end')
  await spooling
  t.ok(upload.isWhole)
  const got: Buffer[] = []
  for await (const piece of upload.bytes()) got.push(piece)
  t.ok(Buffer.concat(got).equals(Buffer.concat([...pieces, Buffer.from('the end')])))
})

t.end()
