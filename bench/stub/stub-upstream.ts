// An upstream that costs next to nothing: it reads no more of a request than it must, and writes ready bytes. Started by start-stub.ts.
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { answers, bigArtifact, hugeArtifact, madeAnswers, ownAnswers, searchAnswers } from './stub-answers.ts'

const block = Buffer.alloc(1024 * 1024, 'x')
const makeHead = (length: number, type: string) => `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`
const whole = (body: Buffer) => Buffer.concat([Buffer.from(makeHead(body.length, 'application/json')), body])
const ready = (bodies: ReadonlyMap<string, Buffer>) => new Map([...bodies].map(([key, body]) => [key, whole(body)]))
const [own, known, searched, nothing] = [ready(ownAnswers), ready(answers), ready(searchAnswers), whole(Buffer.from('{}'))]
let count = 0

function sendArtifact(socket: Socket, bytes: number): void {
  socket.write(makeHead(bytes, 'application/octet-stream'))
  let left = bytes / block.length
  const go = () => {
    while (left-- > 0) if (!socket.write(block)) return void socket.once('drain', go)
  }
  go()
}

/** A request whose head has come: what of its body is still to come, and what of it matters for the answer. */
interface Incoming {
  readonly method: string
  readonly path: string
  left: number
  body: string
}

function answer(socket: Socket, { method, path, body }: Incoming): void {
  const [bare = ''] = path.split('?', 1)
  const made = madeAnswers.get(bare)
  if (made !== undefined) return void socket.write(whole(made(path)))
  const fact = own.get(path) ?? own.get(bare)
  if (fact !== undefined) return void socket.write(fact)
  count += 1
  const artifact = [bigArtifact, hugeArtifact].find(({ name }) => method === 'GET' && bare.endsWith(name))
  if (artifact !== undefined) return void sendArtifact(socket, artifact.bytes)
  const experiment = bare.endsWith('/runs/search') ? /"experiment_ids": *\[ *"(\d+)"/.exec(body)?.[1] : undefined
  socket.write((experiment === undefined ? known.get(bare) : searched.get(experiment)) ?? nothing)
}

function serve(socket: Socket): void {
  let head = ''
  let incoming: Incoming | null = null
  const finish = () => {
    if (incoming === null || incoming.left > 0) return
    answer(socket, incoming)
    incoming = null
  }
  const readHead = (bytes: Buffer) => {
    head += bytes.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    const [method = '', path = ''] = head.slice(0, head.indexOf('\r\n')).split(' ', 2)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head.slice(0, end))?.[1] ?? 0)
    const body = head.slice(end + 4)
    head = ''
    incoming = { method, path, left: length - body.length, body }
    finish()
  }
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes) => {
    if (incoming === null) return readHead(bytes)
    incoming.left -= bytes.length
    if (incoming.method === 'POST' && incoming.body.length < 4096) incoming.body += bytes.toString('latin1', 0, 4096)
    finish()
  })
}

const server = createServer(serve).listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
process.on('message', () => process.send?.(count))
process.on('disconnect', () => process.exit())
if (address !== null && typeof address !== 'string') process.send?.(`http://127.0.0.1:${address.port}`)
