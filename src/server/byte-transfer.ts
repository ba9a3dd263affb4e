import { Readable } from 'node:stream'
import { type Dispatcher, errors, type Pool } from 'undici'

type Request<T> = Dispatcher.RequestOptions<T>
type Callback<T> = (error: Error | null, data: Dispatcher.ResponseData<T>) => void

/**
 * The body of an upload, apart from the client's connection: undici destroys a body that it no longer wants, and with the connection the
 * answer would be lost. What the server did not want is read and dropped, so that the client gets to its answer.
 */
function detach(source: Readable): Readable {
  const body = new Readable({
    read: () => void source.resume(),
    destroy: (error, done) => {
      source.removeListener('data', push)
      source.resume()
      done(error)
    },
  })
  const push = (chunk: Buffer) => {
    if (!body.push(chunk)) source.pause()
  }
  source.on('data', push)
  source.once('end', () => body.push(null))
  source.once('error', (error) => body.destroy(error))
  source.once('close', () => {
    if (!source.readableEnded) body.destroy(new errors.RequestAbortedError('the client went away'))
  })
  return body
}

/** Where @fastify/http-proxy sends its requests to. The time for an answer (`within`, milliseconds) begins when the upload, however slow, is over. */
export class ByteDoor {
  readonly #pool: Pool
  readonly #within: number

  constructor(pool: Pool, within: number) {
    this.#pool = pool
    this.#within = within
  }

  request<T = null>(options: Request<T>, callback: Callback<T>): void
  request<T = null>(options: Request<T>): Promise<Dispatcher.ResponseData<T>>
  request<T = null>(options: Request<T>, callback?: Callback<T>): void | Promise<Dispatcher.ResponseData<T>> {
    if (callback === undefined) return this.#pool.request(options)
    const { body } = options
    return body instanceof Readable ? this.#upload(body, options, callback) : this.#pool.request(options, callback)
  }

  #upload<T>(body: Readable, options: Request<T>, callback: Callback<T>): undefined {
    const abort = new AbortController()
    let answered = false
    let timer: NodeJS.Timeout | undefined
    body.once('end', () => {
      if (!answered) timer = setTimeout(() => abort.abort(new errors.HeadersTimeoutError()), this.#within)
    })
    this.#pool.request({ ...options, body: detach(body), headersTimeout: 0, signal: abort.signal }, (error, data) => {
      answered = true
      clearTimeout(timer)
      callback(error, data)
    })
  }
}
