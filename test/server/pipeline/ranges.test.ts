import { createHash } from 'node:crypto'
import t from 'tap'
import { conditionsOf, isAskedPart } from '../../../src/server/http/conditions.ts'
import { reply, runId, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startApp } from '../../harness/app.ts'

const upstream = await startFakeUpstream()
const app = await startApp({ upstream: upstream.url })
t.teardown(async () => {
  await app.close()
  await upstream.close()
})

const places = [
  `/api/2.0/mlflow-artifacts/artifacts/7/${runId}/artifacts/model.bin`,
  `/get-artifact?run_id=${runId}&path=model.bin`,
]
const authorization = `Bearer ${app.token}`
const file = 'abcdefghij'
const tag = `"${createHash('sha1').update(file).digest('hex')}"`
const date = 'Sun, 29 Nov 2026 10:00:00 GMT'

/** Answers as Flask's `send_file` does. */
function serveFile(): void {
  upstream.answer = ({ headers, method }, response) => {
    const known = { etag: tag, 'last-modified': date, 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream' }
    if (headers['if-none-match'] === tag || headers['if-modified-since'] === date)
      return void response.writeHead(304, known).end()
    if (headers['if-match'] === '"other"') return void response.writeHead(412).end()
    const part = headers['if-range'] === undefined || headers['if-range'] === tag ? headers.range : undefined
    const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(part ?? '') ?? []
    if (part === undefined)
      return void response.writeHead(200, { ...known, 'content-length': '10' }).end(method === 'HEAD' ? '' : file)
    const first = from === '' ? Math.max(0, 10 - Number(to)) : Number(from)
    const last = from === '' || to === '' ? 9 : Math.min(9, Number(to))
    if (first > 9)
      return void response.writeHead(416, { 'content-type': 'text/html', 'content-range': 'bytes */10' }).end('<h1>no</h1>')
    const body = file.slice(first, last + 1)
    response
      .writeHead(206, { ...known, 'content-length': String(body.length), 'content-range': `bytes ${first}-${last}/10` })
      .end(body)
  }
}

async function get(place: string, headers: Record<string, string> = {}, method = 'GET') {
  upstream.received.length = 0
  const answer = await fetch(`${app.url}${place}`, { method, headers: { authorization, ...headers } })
  const text = await answer.text()
  return { status: answer.status, text, range: answer.headers.get('content-range'), headers: answer.headers }
}

t.test('a part of an artifact, as it is asked for', async (t) => {
  serveFile()
  for (const place of places) {
    const whole = await get(place)
    t.same([whole.status, whole.text, whole.headers.get('etag'), whole.headers.get('accept-ranges')], [200, file, tag, 'bytes'])
    t.match(await get(place, { range: 'bytes=2-4' }), { status: 206, text: 'cde', range: 'bytes 2-4/10' })
    t.match(await get(place, { range: 'bytes=7-' }), { status: 206, text: 'hij', range: 'bytes 7-9/10' }, 'the rest')
    t.match(
      await get(place, { range: 'bytes=-3' }),
      { status: 206, text: 'hij', range: 'bytes 7-9/10' },
      'the end, where Parquet has its index',
    )
    t.match(await get(place, { range: 'bytes=8-99' }), { status: 206, text: 'ij', range: 'bytes 8-9/10' })
    const outside = await get(place, { range: 'bytes=10-' })
    t.same([outside.status, outside.range], [416, 'bytes */10'], 'by which curl -C - knows that it has all')
    t.match(JSON.parse(outside.text), { error_code: 'INVALID_PARAMETER_VALUE', message: /range/ })
    t.match(await get(place, { range: 'bytes=2-', 'if-range': tag }), { status: 206, text: 'cdefghij' })
    t.match(
      await get(place, { range: 'bytes=2-', 'if-range': '"other"' }),
      { status: 200, text: file, range: null },
      'all of another file',
    )
    t.match(await get(place, { range: 'bytes=2-4' }, 'HEAD'), { status: 200, range: null }, 'HEAD has no parts')
  }
})

t.test('what the caller has already is not sent again', async (t) => {
  serveFile()
  for (const place of places) {
    for (const condition of [{ 'if-none-match': tag }, { 'if-modified-since': date }]) {
      const known = await get(place, condition)
      t.same([known.status, known.text, known.headers.get('etag')], [304, '', tag])
    }
    t.match(await get(place, { 'if-none-match': '"other"' }), { status: 200, text: file })
    t.match(JSON.parse((await get(place, { 'if-match': '"other"' })).text), { error_code: 'BAD_REQUEST' })
  }
})

t.test('what has no one reading is passed over, and nothing of it goes upstream', async (t) => {
  serveFile()
  const [place = ''] = places
  const odd: Record<string, string>[] = [
    ...['bytes=0-1,3-4', 'bytes=a-b', 'bytes=-', 'bytes=1', 'lines=1-2', 'bytes= 1-2', 'bytes=0x1-2', 'bytes=1-2;x'].map(
      (range) => ({ range }),
    ),
    ...['tag', '"a', 'W/tag', '"a", b'].map((value) => ({ 'if-none-match': value })),
    ...['yesterday', '2026-11-29', 'Sun, 29 Nov 2026 10:00:00 +0100'].map((value) => ({ 'if-modified-since': value })),
    { range: 'bytes=2-4', 'if-range': 'yesterday' },
  ]
  for (const headers of odd) {
    t.match(await get(place, headers), { status: 200, text: file }, JSON.stringify(headers))
    const names = upstream.received.flatMap(({ rawHeaders }) => rawHeaders.filter((_, index) => index % 2 === 0))
    t.same(
      names.filter((name) => /^(?:if-|range)/i.test(name)),
      [],
      JSON.stringify(headers),
    )
  }
  t.same(conditionsOf({ 'if-none-match': 'W/"a", "b"', 'if-match': '*', cookie: 'x' }, 'GET'), {
    'if-none-match': 'W/"a", "b"',
    'if-match': '*',
  })
})

t.test('a part that was not asked for, or is another one, is no answer', async (t) => {
  const [place = ''] = places
  const part = (range: string, body = 'cde') => reply(206, body, { 'content-length': '3', 'content-range': range })
  for (const [asked, range] of [
    ['bytes=2-4', 'bytes 3-5/10'],
    ['bytes=2-', 'bytes 2-4/10'],
    ['bytes=-3', 'bytes 2-4/10'],
    ['bytes=2-4', 'bytes 2-4/*'],
    ['bytes=2-4', 'bytes 2-4/3'],
    [undefined, 'bytes 2-4/10'],
  ] as const) {
    upstream.answer = part(range)
    const { status, text } = await get(place, asked === undefined ? {} : { range: asked })
    t.same([status, JSON.parse(text).error_code], [501, 'INTERNAL_ERROR'], `${asked}: ${range}`)
  }
  upstream.answer = reply(304, '')
  t.equal((await get(place)).status, 501, 'unchanged, as nobody asked')
  t.notOk(isAskedPart('bytes=0-4', 'bytes 0-4/3'), 'beyond the end')
})

t.test('a server that knows no parts sends all, and so it comes', async (t) => {
  const [place = ''] = places
  upstream.answer = reply(200, file, { 'content-type': 'application/octet-stream' })
  t.match(await get(place, { range: 'bytes=2-4' }), { status: 200, text: file, range: null })
})

t.test('others’ artifacts are absent in parts, too', async (t) => {
  serveFile()
  for (const condition of [
    { range: 'bytes=0-1' },
    { range: 'bytes=99-' },
    { 'if-none-match': tag },
    { 'if-match': '"other"' },
  ] as Record<string, string>[]) {
    const absent = await get(`/api/2.0/mlflow-artifacts/artifacts/8/${'f'.repeat(32)}/artifacts/model.bin`, condition)
    t.same(
      [absent.status, upstream.received.filter(({ url }) => url.includes('mlflow-artifacts'))],
      [404, []],
      JSON.stringify(condition),
    )
  }
})
