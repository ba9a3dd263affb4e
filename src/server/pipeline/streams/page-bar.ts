import { Transform } from 'node:stream'

/** Bytes in which a page's body has begun. */
const longestHead = 256 * 1024

/** Writes HTML into a page, at the beginning of its body. A page whose body does not begin early passes unchanged. */
export function insertIntoPage(html: string): Transform {
  let head: Buffer | null = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (head === null) return done(null, chunk)
      head = Buffer.concat([head, chunk])
      // Latin-1 has one character for each byte, so that places in the text are places in the bytes.
      const tag = /<body\b[^>]*>/i.exec(head.toString('latin1'))
      if (tag === null && head.length <= longestHead) return done()
      const end = tag === null ? 0 : tag.index + tag[0].length
      const whole = tag === null ? head : Buffer.concat([head.subarray(0, end), Buffer.from(html), head.subarray(end)])
      head = null
      done(null, whole)
    },
    flush(done) {
      done(null, head ?? undefined)
    },
  })
}
