import { type Readable, Transform } from 'node:stream'

/** Milliseconds after which what was granted is looked at once more. */
const staleAfter = 1_000

/**
 * The body of an upload, whose last bytes wait until `confirm` has looked again whether it is allowed: while a slow one went on, what it
 * changes may have become what a version in production is made of. Fails with what `confirm` rejects with.
 */
export function heldUpload(raw: Readable, confirm: () => Promise<unknown>): Readable {
  const begun = performance.now()
  let last: Buffer | null = null
  const held = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const before = last
      last = chunk
      if (before === null) done()
      else done(null, before)
    },
    flush(done) {
      const finish = () => done(null, last)
      if (performance.now() - begun < staleAfter) finish()
      else confirm().then(finish, done)
    },
  })
  raw.once('close', () => {
    if (!raw.readableEnded) held.destroy()
  })
  // What is no longer wanted is read and dropped, so that the client gets to the answer.
  held.once('error', () => raw.resume())
  return raw.pipe(held)
}
