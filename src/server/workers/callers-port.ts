import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { listenOnSocket } from '../http/unix-socket.ts'

type Where = { readonly host: string; readonly port: number } | { readonly path: string }

/** A port for callers, which accepts connections, and reads nothing of them. */
export class CallersPort {
  readonly server: Server
  /** Of the other addresses of `localhost`. */
  readonly #others: Server[] = []
  readonly #open: () => Server

  constructor(accept: (socket: Socket) => void) {
    this.#open = () => createServer({ pauseOnConnect: true, noDelay: true }, accept)
    this.server = this.#open()
  }

  /** Rejects with Node's error. */
  async listen(where: Where): Promise<void> {
    if ('path' in where) return listenOnSocket({ listen: ({ path }) => begin(this.server, { path }) }, where.path)
    const [first, ...others] = await addressesOf(where.host)
    await begin(this.server, { ...where, host: first ?? where.host })
    const address = this.server.address()
    const port = typeof address === 'object' && address !== null ? address.port : where.port
    for (const host of others) {
      const server = this.#open()
      // As Fastify does: an address that is not there is none that callers come to.
      await begin(server, { host, port }).then(
        () => this.#others.push(server),
        () => undefined,
      )
    }
  }

  close(): void {
    for (const server of [this.server, ...this.#others]) server.close()
  }
}

async function addressesOf(host: string): Promise<readonly string[]> {
  if (host !== 'localhost') return [host]
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

async function begin(server: Server, where: Where): Promise<void> {
  server.listen({ ...where })
  await once(server, 'listening')
}
