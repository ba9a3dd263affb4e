import type { IncomingMessage } from 'node:http'
import { errors } from 'undici'
import type { Hold } from './memory-account.ts'

/** Milliseconds in which a body that is read whole has to come. */
const longest = 300_000

interface Bounds {
  /** Bytes that it has at most. */
  readonly most: number
  readonly tooLarge: () => Error
  /** Sees each part as it comes. */
  readonly see?: (chunk: Buffer) => void
}

/**
 * Reads a body whole, into memory that is counted as it comes: a slow client holds what it has sent, and nothing of what it may send. Throws
 * where there is no memory for it; what is left of the body is then read and dropped, so that the client gets to the answer.
 */
export function readHeld(raw: IncomingMessage, hold: Hold, { most, tooLarge, see }: Bounds): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const timer = setTimeout(() => raw.socket.destroy(), longest)
    const leave = () => {
      clearTimeout(timer)
      raw.off('data', take).off('end', finish).off('close', breakOff).off('error', breakOff)
      hold.atClient(null)
    }
    const fail = (error: unknown) => {
      leave()
      chunks.length = 0
      hold.release()
      raw.resume()
      reject(error)
    }
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size > most) return fail(tooLarge())
      chunks.push(chunk)
      see?.(chunk)
      raw.pause()
      hold.resize(size).then(() => raw.resume(), fail)
    }
    const finish = () => {
      leave()
      resolve(Buffer.concat(chunks))
    }
    const breakOff = () => fail(new errors.RequestAbortedError('the client disconnected'))
    hold.atClient(fail)
    raw.on('data', take).once('end', finish).once('close', breakOff).once('error', breakOff)
    raw.resume()
  })
}
