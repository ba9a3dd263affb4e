import t from 'tap'
import { wordsIn } from '../../fuzz/raw/make-stream.ts'
import { RawFuzz } from '../../fuzz/raw/run.ts'
import { readStrictly } from '../../fuzz/raw/strict-reader.ts'
import { startApp } from '../harness/app.ts'
import { talk } from '../harness/raw-http.ts'

const fixed = 1_000
const today = Math.floor(Date.now() / 86_400_000) * 100_000
const lanes = Array.from({ length: 64 }, (_, lane) => lane)

t.setTimeout(4 * 60_000)

t.test('a strict reader cuts messages where every reader does, and stops where one would not', async (t) => {
  const count = (text: string) => {
    const { messages, rest } = readStrictly(Buffer.from(text, 'latin1'))
    return [messages.length, rest]
  }
  const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
  const post = (headers: string, body: string) => `POST / HTTP/1.1\r\n${headers}\r\n\r\n${body}`
  t.same(count(get + get), [2, 'nothing'])
  t.same(count(`\r\n${get}GET /`), [1, 'unfinished'])
  t.same(count(post('Content-Length: 3', `abc${get}`)), [2, 'nothing'])
  t.same(count(post('Content-Length: 3\r\nTransfer-Encoding: chunked', `0\r\n\r\n${get}`)), [0, 'malformed'])
  t.same(count(post('Content-Length: +3', 'abc')), [0, 'malformed'])
  t.same(count(post('Content-Length : 3', 'abc')), [0, 'malformed'])
  t.same(count(post('Transfer-Encoding: chunked', `3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n${get}`)), [2, 'nothing'])
  t.same(count(post('Transfer-Encoding: chunked', `3\nabc\r\n0\r\n\r\n${get}`)), [0, 'malformed'])
  t.same(count(post('Transfer-Encoding: xchunked', '0\r\n\r\n')), [0, 'malformed'])
  t.same(wordsIn('u12n3x u4n100x'), ['u12n3x', 'u4n100x'])
})

t.test('a request that is answered before its body proves to be none gets no second answer', async (t) => {
  const app = await startApp({ upstream: 'http://127.0.0.1:9' })
  t.teardown(() => app.close())
  const head = 'Host: x\r\nAuthorization: Bearer x\r\nContent-Type: application/json\r\n'
  for (const path of ['/api/2.0/mlflow/experiments/create', '/nothing']) {
    const bytes = `POST ${path} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nx\r\n`
    const { answers, closed, surplus } = await talk(app.url, bytes, { expected: 0 })
    t.same([answers.map(({ status }) => status), closed, surplus.length], [[401], true, 0], path)
  }
})

t.test('bytes at the listener are never two requests to one reader and one to another', async (t) => {
  const fuzz = await RawFuzz.start()
  t.teardown(() => fuzz.close())
  for (const seed of [fixed, today])
    for (let at = 0; at < 320; at += lanes.length) await fuzz.try(lanes.map((lane) => seed + at + lane))
  const { findings, heard, answers } = fuzz.tally
  t.same(findings, [], `seeds ${fixed} and ${today}, 320 of each: npm run fuzz -- raw --seed <seed> --count 1`)
  t.ok(heard > 100 && answers > 30, `${answers} answers, ${heard} requests upstream`)
  // The other client's, at its two ends.
  t.ok((await fuzz.connectionsLeft()) <= 2, 'nothing outlives its client')
})
