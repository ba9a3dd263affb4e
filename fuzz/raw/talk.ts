import { connect } from 'node:net'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { type RawAnswer, readAnswer } from '../../test/harness/raw-http.ts'
import type { Stream } from './make-stream.ts'
import type { StrictReading } from './strict-reader.ts'

/** Milliseconds without a byte after which nothing more is expected. */
const quiet = 40

/** What was received on a connection. */
export interface Talk {
  readonly answers: readonly RawAnswer[]
  readonly surplus: Buffer
  readonly closed: boolean
}

function readAll(bytes: Buffer, methods: readonly string[], closed: boolean): { answers: RawAnswer[]; surplus: Buffer } {
  const answers: RawAnswer[] = []
  for (let rest = bytes; ; ) {
    const found = readAnswer(rest, methods[answers.length] ?? 'GET', closed)
    if (found === null) return { answers, surplus: rest }
    rest = rest.subarray(found.end)
    if (found.answer.status >= 200) answers.push(found.answer)
  }
}

/** Sends a stream and reads until all possible answers have arrived, or nothing more comes. */
export async function talk(port: number, { bytes, cuts, end }: Stream, { messages, rest }: StrictReading): Promise<Talk> {
  // An incomplete request may be answered as well; an answer to HEAD has no body.
  const behind = /^\s*(HEAD) /.exec(bytes.toString('latin1', messages.at(-1)?.end ?? 0))?.[1]
  const methods = [...messages.map(({ method }) => method), ...(behind === undefined ? [] : [behind])]
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  let [received, closed, heardAt] = [Buffer.alloc(0), false, performance.now()]
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    heardAt = performance.now()
  })
  socket.on('error', () => undefined)
  for (const event of ['end', 'close']) socket.on(event, () => (closed = true))
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    if (cut > from || bytes.length === 0) socket.write(bytes.subarray(from, cut))
    from = cut
    await turn()
  }
  if (end === 'half-closes') socket.end()
  if (end === 'resets') {
    await sleep(bytes.length % 8)
    socket.resetAndDestroy()
    return { answers: [], surplus: Buffer.alloc(0), closed: true }
  }
  // Every message of the strict parser is answered, slowly if the machine is under load. For ambiguous ones little is expected.
  const answered = () => readAll(received, methods, closed).answers.length >= messages.length
  const patience = () => (answered() ? quiet : rest === 'nothing' ? 50 * quiet : 10 * quiet)
  while (!closed && performance.now() - heardAt < patience()) await sleep(5)
  socket.destroy()
  return { ...readAll(received, methods, closed), closed }
}
