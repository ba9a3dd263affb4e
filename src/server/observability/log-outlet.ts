import { fstatSync, write, writeSync } from 'node:fs'

/** Where lines are written. */
export interface Outlet {
  /** Rejects if the text was not written completely. */
  send(text: string): Promise<void>
  /** Writes without waiting, at the end of the process. Throws if that fails. */
  sendNow(text: string): void
  /** A text that failed is sent again, until it is through or `Hopeless`; left out: its lines are lost. */
  readonly again?: true
  /** Lines may wait until there is no room for more; left out: one failure is enough to say that it fails. */
  readonly patient?: true
  /** Characters that wait at most, characters of one text, and milliseconds between two; left out: the sink's own. */
  readonly most?: { readonly waiting: number; readonly batch: number; readonly between: number }
}

/** A text that would never be accepted. */
export class Hopeless extends Error {}

function isPipe(fd: number): boolean {
  try {
    const status = fstatSync(fd)
    return status.isFIFO() || status.isSocket()
  } catch {
    return false // Node opens what is closed at its start
  }
}

const standardOutput = 1

/** Node writes to pipes without blocking. It never closes this descriptor, because the next file or socket would get it. */
const pipe: Outlet = {
  send: (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
    }),
  sendNow: (text) => void writeSync(standardOutput, text),
}

/** A file accepts lines again once its disk has room; the first error would close Node's own stream. */
function fileOutlet(fd: number): Outlet {
  const send = (bytes: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      write(fd, bytes, (error, written) => {
        if (error) reject(error)
        else if (written < bytes.length) send(bytes.subarray(written)).then(resolve, reject)
        else resolve()
      })
    })
  return { send: (text) => send(Buffer.from(text)), sendNow: (text) => void writeSync(fd, text) }
}

/** Standard output, whatever kind of file it is. */
export function standardOutlet(): Outlet {
  return isPipe(standardOutput) ? pipe : fileOutlet(standardOutput)
}
