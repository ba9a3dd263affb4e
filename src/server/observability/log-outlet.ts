import { fstatSync, write, writeSync } from 'node:fs'

/** Where lines leave the process. */
export interface Outlet {
  /** Rejects when the text did not get there, or not whole. */
  send(text: string): Promise<void>
  /** What can be written without waiting, at the end of the process. Throws when it did not get there. */
  sendNow(text: string): void
}

function isPipe(fd: number): boolean {
  try {
    const status = fstatSync(fd)
    return status.isFIFO() || status.isSocket()
  } catch {
    return false // Node opens what is closed at its start
  }
}

const standardOutput = 1

/** Node writes to pipes without blocking, and never closes this descriptor, which the next file or socket would get. */
const pipe: Outlet = {
  send: (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
    }),
  sendNow: (text) => void writeSync(standardOutput, text),
}

/** A file takes lines again when its disk has room again; Node's own stream would be closed by the first error. */
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

/** Standard output, whatever it is. */
export function standardOutlet(): Outlet {
  return isPipe(standardOutput) ? pipe : fileOutlet(standardOutput)
}
