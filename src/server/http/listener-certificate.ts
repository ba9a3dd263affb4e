import type { Server } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import type { ListenTls } from '../config/config-types.ts'
import { type KeyPair, readKeyPair } from '../config/key-pair.ts'

/** Milliseconds between two looks at the files. */
const interval = 30_000

type Say = (fields: object, message: string) => void
type Log = { readonly [level in 'info' | 'error']: Say }

/** The certificate that callers see. Its files are read again when they change: connections that are open stay, new ones see the new certificate. */
export class ListenerCertificate {
  readonly #settings: ListenTls
  readonly #log: Log
  readonly #servers: ReturnType<typeof createServer>[] = []
  #pair: KeyPair
  #lastProblem = ''
  readonly #timer = setInterval(() => this.look(), interval).unref()

  /** Throws when the files cannot be used. */
  constructor(settings: ListenTls, log: Log) {
    this.#settings = settings
    this.#log = log
    this.#pair = readKeyPair(settings)
  }

  #context(): KeyPair & Pick<ListenTls, 'minVersion'> {
    return { ...this.#pair, minVersion: this.#settings.minVersion }
  }

  /** A server that speaks TLS. */
  open(options: ServerOptions): Server {
    const server = createServer({ ...options, ...this.#context() })
    this.#servers.push(server)
    return server
  }

  /** Looks at the files once. What cannot be used is logged once, and the certificate before it counts on. */
  look(): void {
    try {
      const pair = readKeyPair(this.#settings)
      this.#lastProblem = ''
      if (pair.cert.equals(this.#pair.cert) && pair.key.equals(this.#pair.key)) return
      this.#pair = pair
      for (const server of this.#servers) server.setSecureContext(this.#context())
      this.#log.info({ file: this.#settings.certificateFile }, 'the certificate of the listener was renewed')
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      if (problem !== this.#lastProblem) this.#log.error({ problem }, 'the certificate of the listener could not be renewed')
      this.#lastProblem = problem
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

/** The event of a server that tells of connections over which requests can come. */
export function connectionEvent(server: Server): 'connection' | 'secureConnection' {
  return 'setSecureContext' in server ? 'secureConnection' : 'connection'
}
