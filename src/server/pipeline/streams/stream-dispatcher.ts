import type { Dispatcher } from 'undici'
import { ForcedCollection } from '../../limits/forced-collection.ts'
import { type AddressedTransfer, type Transfer, transfers } from './transfer.ts'
import { type StreamTimeouts, Watch } from './watch.ts'

type Request<T> = Dispatcher.RequestOptions<T>
type Callback<T> = (error: Error | null, data: Dispatcher.ResponseData<T>) => void

/** An answer that ends with its connection: a complete artifact could not be told from half of one. */
class EndlessAnswer extends Error {
  readonly code = 'HPE_NO_LENGTH'
  override readonly message = 'The answer has neither a Content-Length nor chunks.'
}

/** A success before the upload was complete cannot be one. */
class HastyAnswer extends Error {
  readonly code = 'HPE_TOO_EARLY'
  override readonly message = 'The answer says that all is well before everything was sent.'
}

function drop<T>(error: Error, callback: Callback<T>, data: Dispatcher.ResponseData<T>): void {
  data.body.destroy()
  callback(error, data)
}

/** The dispatcher of @fastify/http-proxy: all streamed bytes pass through it, in both directions. */
export class StreamDispatcher {
  readonly #pool: Dispatcher
  readonly #timeouts: StreamTimeouts
  readonly #memory = new ForcedCollection()

  constructor(pool: Dispatcher, timeouts: StreamTimeouts) {
    this.#pool = pool
    this.#timeouts = timeouts
  }

  request<T = null>(options: Request<T>, callback: Callback<T>): void
  request<T = null>(options: Request<T>): Promise<Dispatcher.ResponseData<T>>
  request<T = null>(options: Request<T>, callback?: Callback<T>): undefined | Promise<Dispatcher.ResponseData<T>> {
    const transfer = transfers.getStore()
    if (transfer === undefined || callback === undefined) throw new TypeError('bytes are streamed for a client alone')
    const end = this.#memory.begin()
    const watch = new Watch(transfer, this.#timeouts)
    const answer: Callback<T> = (error, data) => {
      watch.answered(error)
      if (error === null) {
        // The consumer may be gone before it listens.
        data.body.on('error', () => undefined)
        data.body.once('close', end)
        data.body.once('close', () => watch.close())
      } else {
        transfer.upload?.stop()
        watch.close()
        end()
      }
      callback(error, data)
    }
    const checked = transfer.upload === null ? refuseEndless(options, answer) : refuseHasty(transfer, answer)
    this.#pool.request(this.#withBody(options, transfer, watch), checked)
    return undefined
  }

  #withBody<T>(options: Request<T>, { upload, target }: AddressedTransfer, watch: Watch): Request<T> {
    const sent = { ...options, path: target, signal: watch.signal }
    if (upload === null) return sent
    // undici pulls an iterable (which its types omit): the next chunk once its connection has taken the previous one.
    return Object.assign(sent, { body: upload.bytes(watch) })
  }
}

function refuseEndless<T>({ method }: Request<T>, callback: Callback<T>): Callback<T> {
  if (method !== 'GET') return callback
  return (error, data) => {
    const bounded = error !== null || 'content-length' in data.headers || 'transfer-encoding' in data.headers
    if (bounded || (data.statusCode !== 200 && data.statusCode !== 206)) callback(error, data)
    else drop(new EndlessAnswer(), callback, data)
  }
}

function refuseHasty<T>({ upload }: Transfer, callback: Callback<T>): Callback<T> {
  return (error, data) => {
    if (error === null && data.statusCode < 300 && upload?.isSent === false) drop(new HastyAnswer(), callback, data)
    else callback(error, data)
  }
}
