import t, { type Test } from 'tap'
import { type Reply, reply, runId, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startApp } from '../../harness/app.ts'

// What stands between the proxy and MLflow, or between MLflow and its own words, and answers in its place.
const secret = 'hunter2-page-of-a-gateway'
const upstream = await startFakeUpstream()
const app = await startApp({ upstream: upstream.url })
t.teardown(async () => {
  await app.close()
  await upstream.close()
})

interface Ask {
  readonly method: string
  readonly path: string
  readonly body?: string
}

const api = '/api/2.0/mlflow'
const post = (path: string, body: object): Ask => ({ method: 'POST', path: `${api}/${path}`, body: JSON.stringify(body) })
const artifact = `/api/2.0/mlflow-artifacts/artifacts/7/${runId}/artifacts/model.bin`

/** Requests by what may become of them: sent again without harm, or not. */
const harmless: Readonly<Record<string, Ask>> = {
  'a read': { method: 'GET', path: `${api}/registered-models/get?name=fraud` },
  'a search by GET': { method: 'GET', path: `${api}/registered-models/search` },
  'a search by POST': post('runs/search', { experiment_ids: ['7'] }),
  'a tag': post('registered-models/set-tag', { name: 'fraud', key: 'owner', value: 'me' }),
  'a batch': post('runs/log-batch', { run_id: runId, metrics: [{ key: 'loss', value: 0.5, timestamp: 1, step: 1 }] }),
  'the end of a run': post('runs/update', { run_id: runId, status: 'FINISHED' }),
  'a download': { method: 'GET', path: artifact },
  'an upload': { method: 'PUT', path: artifact, body: 'bytes' },
}
const once: Readonly<Record<string, Ask>> = {
  'a new model': post('registered-models/create', { name: 'fraud' }),
  'a new run': post('runs/create', { experiment_id: '7' }),
  'a deletion': post('runs/delete', { run_id: runId }),
}

async function ask({ method, path, body }: Ask) {
  const headers = {
    authorization: `Bearer ${app.token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const answer = await fetch(app.url + path, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) })
  const text = await answer.text()
  const said: { error_code?: string; message?: string } = JSON.parse(text)
  return {
    status: answer.status,
    text,
    code: said.error_code,
    message: said.message ?? '',
    wait: answer.headers.get('retry-after'),
  }
}

/** Forms in which intermediaries say nothing that MLflow would. */
const forms: Readonly<Record<string, (status: number, headers: Record<string, string>) => Reply>> = {
  page: (status, headers) => reply(status, `<html><title>${secret}</title></html>`, { 'content-type': 'text/html', ...headers }),
  nothing: (status, headers) => reply(status, '', { 'content-type': 'text/plain', ...headers }),
  text: (status, headers) => reply(status, `upstream connect error: ${secret}`, { 'content-type': 'text/plain', ...headers }),
  'JSON of its own': (status, headers) => reply(status, { message: secret }, headers),
}

interface Want {
  /** Of what may be sent again, and of what may not. */
  readonly harmless: readonly [number, string]
  readonly once: readonly [number, string]
  readonly says: RegExp
}

const later = [503, 'TEMPORARILY_UNAVAILABLE'] as const
const unsure = [409, 'BAD_REQUEST'] as const
const both = (status: number, code: string, says: RegExp): Want => ({ harmless: [status, code], once: [status, code], says })
const failed = (says: RegExp): Want => ({ harmless: later, once: unsure, says })

const answers: Readonly<Record<number, Want>> = {
  301: both(501, 'INTERNAL_ERROR', /redirects this proxy/),
  302: both(501, 'INTERNAL_ERROR', /redirects this proxy/),
  307: both(501, 'INTERNAL_ERROR', /redirects this proxy/),
  308: both(501, 'INTERNAL_ERROR', /redirects this proxy/),
  400: both(501, 'INTERNAL_ERROR', /a gateway in front of it, refused .*400/),
  401: both(501, 'INTERNAL_ERROR', /does not accept its credentials/),
  403: both(403, 'PERMISSION_DENIED', /firewall or gateway .*MLflow has not received it/),
  407: both(501, 'INTERNAL_ERROR', /credentials of its own/),
  408: failed(/did not wait for the request \(408\)/),
  413: both(413, 'BAD_REQUEST', /does not accept requests of this size.*client_max_body_size/),
  414: both(414, 'BAD_REQUEST', /does not accept addresses of this length/),
  418: both(501, 'INTERNAL_ERROR', /\(418\)/),
  421: both(501, 'INTERNAL_ERROR', /host name \(421\)/),
  429: both(429, 'REQUEST_LIMIT_EXCEEDED', /Try again shortly/),
  431: both(431, 'BAD_REQUEST', /does not accept headers of this size/),
  499: failed(/\(499\)/),
  500: failed(/without a reason/),
  502: failed(/got no answer from it \(502\)/),
  503: failed(/accepts no requests at the moment \(503\)/),
  504: failed(/did not wait for the answer \(504\)/),
  520: failed(/\(520\)/),
}

async function check(t: Test, title: string, request: Ask, want: readonly [number, string], says: RegExp): Promise<void> {
  const got = await ask(request)
  t.same([got.status, got.code], want, `${title}: ${got.text}`)
  t.match(got.message, says, `${title}: told for what it is`)
  t.notMatch(got.text, secret, `${title}: nothing of the page`)
}

for (const [status, want] of Object.entries(answers)) {
  t.test(`${status} that is not in MLflow's words`, async (t) => {
    for (const [form, make] of Object.entries(forms)) {
      upstream.answer = make(Number(status), { location: `http://login.example/${secret}` })
      // A page for all of them; the other forms for some.
      const some = form === 'page' ? () => true : (name: string) => name === 'a search by POST' || name === 'a new run'
      for (const [requests, wanted] of [[harmless, want.harmless] as const, [once, want.once] as const])
        for (const [name, request] of Object.entries(requests))
          if (some(name)) await check(t, `${form}, ${name}`, request, wanted, want.says)
    }
    t.notMatch(app.logs(), secret, 'nor does the log repeat it')
  })
}

t.test('when to come back is passed on, in seconds or as a date', async (t) => {
  const date = 'Wed, 21 Oct 2026 07:28:00 GMT'
  for (const status of [429, 502, 503, 504]) {
    for (const wait of ['17', date]) {
      upstream.answer = reply(status, 'no', { 'retry-after': wait, 'content-type': 'text/html' })
      for (const [name, request] of Object.entries(harmless)) t.equal((await ask(request)).wait, wait, `${status}, ${name}`)
    }
  }
})

t.test('the log says who answered', async (t) => {
  upstream.answer = reply(413, '<html></html>', { 'content-type': 'text/html; charset=utf-8', server: 'nginx/1.24.0' })
  app.takeLines()
  for (const request of Object.values(once)) await ask(request)
  const causes = app.lines().flatMap(({ cause }) => (typeof cause === 'string' ? [cause] : []))
  t.same(new Set(causes), new Set(['status 413 with 13 characters of text/html, from nginx/1.24.0']))
})

t.test('pages that say more than their status', async (t) => {
  const pages: readonly (readonly [string, number, RegExp])[] = [
    ['<center>The plain HTTP request was sent to HTTPS port</center>', 501, /requires https/],
    ["Reason: You're speaking plain HTTP to an SSL-enabled server port.", 501, /requires https/],
    ['<center>Request Header Or Cookie Too Large</center>', 431, /many groups/],
  ]
  for (const [page, status, says] of pages) {
    upstream.answer = reply(400, page, { 'content-type': 'text/html' })
    for (const request of [...Object.values(harmless), ...Object.values(once)]) {
      const got = await ask(request)
      t.equal(got.status, status, got.text)
      t.match(got.message, says)
    }
  }
  upstream.answer = reply(200, `<html>${secret}</html>`, { 'content-type': 'text/html' })
  const got = await ask(harmless['a read'] ?? post('', {}))
  t.match(got, { status: 501, message: /web page came instead of/ }, 'a login page that says 200')
})

t.test("a look-up of the proxy's own that fails changes nothing: everything may be sent again", async (t) => {
  const known = upstream.knowledge.get(`${api}/runs/get`)
  upstream.knowledge.delete(`${api}/runs/get`)
  t.teardown(() => void (known && upstream.knowledge.set(`${api}/runs/get`, known)))
  // One that was not looked up before.
  const first = post('runs/delete', { run_id: 'f'.repeat(32) })
  for (const status of [408, 500, 502, 503, 504]) {
    upstream.answer = forms.page?.(status, {}) ?? reply(status, '')
    await check(t, `${status} of a look-up`, first, later, /again (shortly|later)/)
  }
  for (const [status, want] of Object.entries({ 302: 501, 403: 403, 413: 413, 431: 431 })) {
    upstream.answer = forms.page?.(Number(status), {}) ?? reply(0, '')
    t.equal((await ask(first)).status, want, `${status} of a look-up`)
  }
})

t.test("MLflow's own refusals of whoever asks are no matter of credentials", async (t) => {
  const said: readonly (readonly [string, RegExp, RegExp])[] = [
    ['Invalid Host header - possible DNS rebinding attack detected', /host name/, /Invalid Host header: .*--allowed-hosts/],
    ['Cross-origin request blocked', /another origin/, /Cross-origin request blocked: /],
    ['Permission denied', /does not permit/, /Permission denied/],
  ]
  for (const [sentence, says, logged] of said) {
    upstream.answer = reply(403, sentence, { 'content-type': 'text/plain' })
    for (const [name, request] of Object.entries({ ...harmless, ...once })) {
      app.takeLines()
      await check(t, `${sentence}, ${name}`, request, [501, 'INTERNAL_ERROR'], says)
      t.match(String(app.lines().find(({ cause }) => cause !== undefined)?.cause), logged, `${name}: its sentence is in the log`)
    }
  }
  upstream.answer = reply(401, 'You are not authenticated. Please see https://www.mlflow.org', { 'content-type': 'text/html' })
  app.takeLines()
  await check(t, '401', once['a new model'] ?? post('', {}), [501, 'INTERNAL_ERROR'], /does not accept its credentials/)
  t.match(String(app.lines().find(({ cause }) => cause !== undefined)?.cause), 'You are not authenticated')
})
