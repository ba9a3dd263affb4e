import { setTimeout as sleep } from 'node:timers/promises'
import { answerBytes, type Exchange, type Fault } from '../fakes/broken-upstream.ts'

/** How a connection ends. */
type End = 'end' | 'reset' | 'open'

function finish({ socket }: Exchange, bytes: string | Buffer, end: End): void {
  socket.write(bytes, () => {
    if (end === 'end') socket.end()
    // So that what was written is read first.
    if (end === 'reset') setTimeout(() => socket.resetAndDestroy(), 5)
  })
}

/** Carries the request out, and never answers. */
export const hang: Fault = ({ carryOut }) => carryOut()
/** Neither carries the request out nor answers. */
export const ignore: Fault = () => undefined
/** Carries the request out and breaks the connection in place of an answer. */
export const lose: Fault = async ({ carryOut, socket }) => {
  await carryOut()
  socket.resetAndDestroy()
}
/** Breaks the connection without having carried anything out. */
export const drop: Fault = ({ socket }) => socket.resetAndDestroy()

/** Carries the request out and gives only a part of the answer: so many bytes of its body, or all but so many where negative. */
export const cut =
  (bytes: number, end: End = 'reset'): Fault =>
  async (exchange) => {
    const whole = await exchange.carryOut()
    const body = whole.indexOf('\r\n\r\n') + 4
    finish(exchange, whole.subarray(0, bytes < 0 ? bytes : body + bytes), end)
  }

/** Carries the request out and says something else. */
export const say =
  (bytes: string | Buffer, end: End = 'end'): Fault =>
  async (exchange) => {
    await exchange.carryOut()
    finish(exchange, bytes, end)
  }

/** Carries the request out and answers with a status, in JSON or not. */
export const answer = (status: number, body: string | Buffer, headers: Record<string, string> = {}): Fault =>
  say(answerBytes(status, body, headers))

/** Carries nothing out and answers with a status. */
const refuse =
  (status: number, body: string, headers: Record<string, string> = {}): Fault =>
  (exchange) =>
    finish(exchange, answerBytes(status, body, headers), 'end')

/** Carries the request out and gives the answer a byte at a time. */
export const trickle =
  (milliseconds: number): Fault =>
  async ({ carryOut, socket }) => {
    for (const byte of await carryOut()) {
      if (socket.destroyed) return
      socket.write(Buffer.of(byte))
      await sleep(milliseconds)
    }
    socket.end()
  }

/** Says time and again that it is about to answer. */
export const promise =
  (milliseconds: number): Fault =>
  async ({ carryOut, socket }) => {
    await carryOut()
    while (!socket.destroyed) {
      socket.write('HTTP/1.1 102 Processing\r\n\r\n')
      await sleep(milliseconds)
    }
  }

const html = { 'content-type': 'text/html' }
const page = '<html><body>An intermediary speaks.</body></html>'
const chunked = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n'
const retry = { 'retry-after': '7' }

/** Answers that are HTTP, and nothing that MLflow would say. The request was carried out. */
export const strangeWords: Readonly<Record<string, Fault>> = {
  'a page': answer(200, page, html),
  'half of its JSON': answer(200, '{"run":{"info":{"run_id":"'),
  'JSON of another form': answer(200, '[{"run":1}]'),
}

/** Answers that are no HTTP, or break off. The request was carried out. */
export const garbage: Readonly<Record<string, Fault>> = {
  'no HTTP': say('SSH-2.0-OpenSSH_9.2\r\n'),
  nothing: say(''),
  'half of a status line': say('HTTP/1.1 20', 'reset'),
  'headers without an end': say('HTTP/1.1 200 OK\r\ncontent-type: app', 'reset'),
  'huge headers': say(`HTTP/1.1 200 OK\r\nx-pad: ${'x'.repeat(100_000)}\r\ncontent-length: 2\r\n\r\n{}`),
  'a status of its own': say('HTTP/1.1 299 ?\r\ncontent-length: 2\r\n\r\n{}'),
  'a length too long': say(answerBytes(200, '{}', { 'content-length': '5000' })),
  'two lengths': say('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 4\r\n\r\n{}{}'),
  'a chunk that breaks off': say(`${chunked}100\r\n{"run"`),
  'chunks without an end': say(`${chunked}2\r\n{}\r\n`, 'reset'),
  'a chunk of no size': say(`${chunked}zz\r\n{}\r\n0\r\n\r\n`),
  'a redirect': answer(302, '', { location: 'http://127.0.0.1:9/' }),
  'a switch of protocols': say('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'),
  'nothing but an interim answer': say('HTTP/1.1 103 Early Hints\r\n\r\n'),
}

/** Statuses with which servers, and what stands before them, say that they failed. The request was carried out all the same. */
export const failures: Readonly<Record<string, Fault>> = {
  '500 with a page': answer(500, page, html),
  '502 with a page': answer(502, page, html),
  '503 with a page': answer(503, page, { ...html, ...retry }),
  '503 with nothing': answer(503, ''),
  '504 with a page': answer(504, page, html),
  '408 with a page': answer(408, page, html),
}

/** Answers of which nothing was carried out, and that say so. */
export const busy: Readonly<Record<string, Fault>> = {
  '429 that says when': refuse(429, '{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"slow down"}', retry),
  '429 with nothing': refuse(429, ''),
}
