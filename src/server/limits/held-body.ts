import type { IncomingMessage } from 'node:http'
import { errors } from 'undici'
import type { Hold } from './memory-account.ts'

/** Time limit in milliseconds for a body that is read completely. */
const longest = 300_000

interface Bounds {
  /** Maximum size in bytes. */
  readonly most: number
  readonly tooLarge: () => Error
  /** Called with each chunk. */
  readonly see?: (chunk: Buffer) => void
}

/**
 * Reads a whole body into memory that is charged as it arrives: a slow client only holds what it has sent. Throws
 * if there is no memory; the rest of the body is then read and discarded, so that the client receives the answer.
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
      const room = hold.grow(size)
      if (room === null) return
      raw.pause()
      room.then(() => raw.resume(), fail)
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
