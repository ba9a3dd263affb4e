import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { insertIntoPage } from '../../../../src/server/pipeline/streams/page-bar.ts'

const page = '<!doctype html><html><head><title>Müller</title></head><BODY class="a"><div id="root"></div></body></html>'

/** The page with a bar, where it comes in pieces of some bytes. */
function withBar(whole: string, bytes: number): Promise<string> {
  const buffer = Buffer.from(whole)
  const pieces = Array.from({ length: Math.ceil(buffer.length / bytes) }, (_, index) =>
    buffer.subarray(index * bytes, (index + 1) * bytes),
  )
  return text(Readable.from(pieces).pipe(insertIntoPage('<b>é</b>')))
}

t.test('the bar is at the beginning of the body, however the page comes in pieces', async (t) => {
  const expected = page.replace('<BODY class="a">', '<BODY class="a"><b>é</b>')
  for (const bytes of [1, 2, 7, 60, 1_000]) t.equal(await withBar(page, bytes), expected, `${bytes} bytes`)
})

t.test('a page without a body passes as it is', async (t) => {
  for (const whole of ['', '<p>no body</p>', `${'x'.repeat(300_000)}<body>`]) t.equal(await withBar(whole, 1_000), whole)
})
