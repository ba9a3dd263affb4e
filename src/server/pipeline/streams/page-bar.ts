import { Transform } from 'node:stream'

/** Bytes in which a page's body has begun. */
const longestHead = 256 * 1024

/** Where the content of a page's body begins; 0 if not yet. */
function beginningOfBody(text: string): number {
  const tag = text.search(/<body[\s>]/i)
  return tag < 0 ? 0 : text.indexOf('>', tag) + 1
}

/** Writes HTML into a page, at the beginning of its body. A page whose body does not begin early passes unchanged. */
export function insertIntoPage(html: string): Transform {
  let head: Buffer | null = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (head === null) return done(null, chunk)
      head = Buffer.concat([head, chunk])
      // Latin-1 has one character for each byte, so that places in the text are places in the bytes.
      const start = beginningOfBody(head.toString('latin1'))
      if (start === 0 && head.length <= longestHead) return done()
      const whole = start === 0 ? head : Buffer.concat([head.subarray(0, start), Buffer.from(html), head.subarray(start)])
      head = null
      done(null, whole)
    },
    flush(done) {
      done(null, head ?? undefined)
    },
  })
}
