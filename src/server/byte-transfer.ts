import { Readable } from 'node:stream'
import { type Dispatcher, errors, type Pool } from 'undici'
import { TidyMemory } from './tidy-memory.ts'
import { TimeLimit } from './upstream/time-limit.ts'

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

/** An answer that ends where its connection ends: nobody could tell a whole artifact from half of one. */
class EndlessAnswer extends Error {
  readonly code = 'HPE_NO_LENGTH'
  override readonly message = 'The answer has neither a Content-Length nor chunks.'
}

/** A success before the upload was over: of what? */
class HastyAnswer extends Error {
  readonly code = 'HPE_TOO_EARLY'
  override readonly message = 'The answer says that all is well before everything was sent.'
}

function drop<T>(error: Error, callback: Callback<T>, data: Dispatcher.ResponseData<T>): void {
  data.body.on('error', () => undefined).destroy()
  callback(error, data)
}

function refuseEndless<T>(callback: Callback<T>): Callback<T> {
  return (error, data) => {
    const bounded = error !== null || 'content-length' in data.headers || 'transfer-encoding' in data.headers
    if (bounded || data.statusCode !== 200) callback(error, data)
    else drop(new EndlessAnswer(), callback, data)
  }
}

/** Where @fastify/http-proxy sends its requests to. The time for an answer (`within`, milliseconds) begins when the upload, however slow, is over. */
export class ByteDoor {
  readonly #pool: Pool
  readonly #within: number
  readonly #memory = new TidyMemory()

  constructor(pool: Pool, within: number) {
    this.#pool = pool
    this.#within = within
  }

  request<T = null>(options: Request<T>, callback: Callback<T>): void
  request<T = null>(options: Request<T>): Promise<Dispatcher.ResponseData<T>>
  request<T = null>(options: Request<T>, callback?: Callback<T>): undefined | Promise<Dispatcher.ResponseData<T>> {
    if (callback === undefined) return this.#pool.request(options)
    const end = this.#memory.begin()
    const answer: Callback<T> = (error, data) => {
      if (error === null) data.body.once('close', end)
      else end()
      callback(error, data)
    }
    if (options.body instanceof Readable) this.#upload(options.body, options, answer)
    else this.#ask(options, options.method === 'GET' ? refuseEndless(answer) : answer)
    return undefined
  }

  #ask<T>(options: Request<T>, callback: Callback<T>): void {
    const limit = new TimeLimit()
    limit.begin(this.#within)
    this.#pool.request({ ...options, signal: limit.signal }, (error, data) => {
      limit.end()
      callback(error, data)
    })
  }

  #upload<T>(body: Readable, options: Request<T>, callback: Callback<T>): void {
    const abort = new AbortController()
    let answered = false
    let timer: NodeJS.Timeout | undefined
    body.once('end', () => {
      if (!answered) timer = setTimeout(() => abort.abort(new errors.HeadersTimeoutError()), this.#within)
    })
    const upload = detach(body)
    this.#pool.request({ ...options, body: upload, headersTimeout: 0, signal: abort.signal }, (error, data) => {
      answered = true
      clearTimeout(timer)
      if (error === null && data.statusCode < 300 && !upload.readableEnded) drop(new HastyAnswer(), callback, data)
      else callback(error, data)
    })
  }
}
