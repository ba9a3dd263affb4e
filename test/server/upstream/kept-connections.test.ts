import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { upstreamTimeouts } from '../../../src/server/config/upstream-timeouts.ts'
import { MessageExchange } from '../../../src/server/upstream/message-exchange.ts'
import { makePools, type UpstreamPools } from '../../../src/server/upstream/upstream-pools.ts'
import { listen } from '../../harness/listen.ts'

type Serve = (socket: Socket, asked: number) => void

const ok = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'

/** A server that answers each request by hand, and pools of connections to it. */
async function start(t: Test, serve: Serve = (socket) => void socket.write(ok)) {
  const sockets: Socket[] = []
  const seen: string[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    let asked = 0
    socket
      .on('error', () => undefined)
      .on('data', (bytes) => {
        seen.push(bytes.toString())
        serve(socket, asked++)
      })
  })
  const port = await listen(server)
  const pools = makePools(new URL(`http://127.0.0.1:${port}`), upstreamTimeouts, {}, true)
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await Promise.all([pools.messages.close(), pools.single.close(), pools.bytes.close(), pools.models.close()])
    server.close()
  })
  return { pools, sockets, seen }
}

interface Asked {
  readonly within?: number
  readonly gone?: AbortSignal
  readonly idempotent?: boolean
}

function ask({ messages }: UpstreamPools, { within = 5_000, gone, idempotent = true }: Asked = {}) {
  const exchange = { within, connect: 1_000, gone }
  const options = { method: idempotent ? 'GET' : 'POST', path: '/', headers: {}, idempotent } as const
  return new MessageExchange(exchange, () => undefined).over(messages, options)
}

/** The connection is free again when what came with the answer has been done. */
async function askInTurn(pools: UpstreamPools) {
  await ask(pools)
  await turn()
}

async function settle(isDone: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 200 && !isDone(); tries++) await sleep(50)
  return isDone()
}

const isOpen = (sockets: readonly Socket[]) => sockets.filter(({ destroyed }) => !destroyed).length

t.test('what must not be sent twice has a connection of its own', async (t) => {
  const { pools, sockets } = await start(t)
  await ask(pools)
  await sleep(100)
  await ask(pools, { idempotent: false })
  t.equal(sockets.length, 2, 'the one that has rested is left alone')
  t.ok(await settle(() => isOpen(sockets) === 1), 'and its own is not kept')
})

t.test('a connection is used again at once', async (t) => {
  const { pools, sockets } = await start(t)
  for (let round = 0; round < 5; round++) await askInTurn(pools)
  t.equal(sockets.length, 1)
})

t.test('where the server stalls on a connection that was used a moment ago, it is used again when it has rested', async (t) => {
  const { pools, sockets } = await start(t, (socket, asked) => {
    if (asked === 0) return void socket.write(ok)
    socket.write(ok.slice(0, -2))
    setTimeout(() => socket.write(ok.slice(-2)), 40)
  })
  await askInTurn(pools)
  await askInTurn(pools)
  t.equal(sockets.length, 1, 'the second answer shows it')
  await askInTurn(pools)
  t.equal(sockets.length, 2, 'from then on MLflow would stall on it')
  await sleep(100)
  await ask(pools)
  await ask(pools)
  t.equal(sockets.length, 2, 'both have rested')
})

t.test('an answer that comes slowly over a new connection, or one that has rested, shows nothing', async (t) => {
  const { pools, sockets } = await start(t, (socket, asked) => {
    if (asked > 1) return void socket.write(ok)
    socket.write(ok.slice(0, -2))
    setTimeout(() => socket.write(ok.slice(-2)), 40)
  })
  await askInTurn(pools)
  await sleep(100)
  await askInTurn(pools)
  await askInTurn(pools)
  t.equal(sockets.length, 1)
})

t.test('what nobody needs any more is closed', async (t) => {
  const { pools, sockets } = await start(t)
  await Promise.all(Array.from({ length: 5 }, () => ask(pools)))
  t.equal(isOpen(sockets), 5, 'each had one of its own')
  t.ok(await settle(() => isOpen(sockets) === 0), 'none is left after a while')
})

t.test('one that the server closed meanwhile is used no more', async (t) => {
  const { pools, sockets } = await start(t)
  for (let round = 0; round < 5; round++) {
    t.equal((await ask(pools)).status, 200)
    await sleep(60)
    sockets.at(-1)?.end()
  }
  t.equal(sockets.length, 5)
})

t.test("what comes behind an answer is nobody's", async (t) => {
  const { pools, sockets } = await start(t, (socket, asked) => void socket.write(asked === 0 ? ok + ok : ok))
  await askInTurn(pools)
  t.equal((await ask(pools)).status, 200)
  t.equal(sockets.length, 2, 'the connection that brought more than was asked is not used')
})

t.test('a server that says that it closes is taken at its word', async (t) => {
  const closing = ok.replace('content-type', 'connection: close\r\ncontent-type')
  const { pools, sockets } = await start(t, (socket) => void socket.write(closing))
  for (let round = 0; round < 3; round++) {
    await ask(pools)
    await sleep(60)
  }
  t.equal(sockets.length, 3)
})

t.test('a server that is said to have few workers has no connection waiting', async (t) => {
  const { pools, sockets, seen } = await start(t)
  await ask(pools)
  pools.messages.keepNone?.()
  await sleep(60)
  await ask(pools)
  t.equal(sockets.length, 2)
  t.match(seen[1], /\r\nconnection: close\r\n/)
})

t.test('an exchange that is given up ends its connection at once, and leaves room for others', async (t) => {
  const { pools, sockets } = await start(t, (socket, asked) => asked > 0 && void socket.write(ok))
  for (let round = 0; round < 3; round++) {
    const gone = new AbortController()
    const asked = ask(pools, { gone: gone.signal })
    await sleep(30)
    const reason = new Error('the client went away')
    gone.abort(reason)
    await t.rejects(asked, reason)
  }
  await t.rejects(ask(pools, { within: 50 }), /answerSeconds/, 'so does one that takes too long')
  t.ok(await settle(() => isOpen(sockets) === 0))
})

t.test('one that is given up before it has a connection sends nothing', async (t) => {
  const { pools, seen } = await start(t)
  const gone = new AbortController()
  const asked = ask(pools, { gone: gone.signal })
  gone.abort(new Error('gone'))
  await t.rejects(asked, /gone/)
  await sleep(100)
  t.same(seen, [])
  t.equal((await ask(pools)).status, 200)
})

t.test('beyond so many connections each request has one of its own', async (t) => {
  const waiting: Socket[] = []
  const { pools, sockets, seen } = await start(t, (socket) => void waiting.push(socket))
  const asked = Array.from({ length: 300 }, () => ask(pools, { within: 60_000 }))
  await settle(() => waiting.length === 300)
  for (const socket of waiting) socket.write(ok)
  t.same(new Set((await Promise.all(asked)).map(({ status }) => status)), new Set([200]))
  t.equal(sockets.length, 300)
  t.equal(seen.filter((text) => text.includes('connection: keep-alive')).length, 256)
})
