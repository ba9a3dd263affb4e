import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { entraKeys } from '../../../src/server/auth/key-place.ts'
import { KeySource } from '../../../src/server/auth/key-source.ts'
import { type Outbound, proxyFor, readProxySettings } from '../../../src/server/config/proxy-settings.ts'
import { openOwnToken } from '../../../src/server/credentials/open-credentials.ts'
import { SignedUrl } from '../../../src/server/databricks/storage/signed-url.ts'
import { StorageClient } from '../../../src/server/databricks/storage/storage-client.ts'
import { Upstream } from '../../../src/server/upstream/upstream.ts'
import { startForwardProxy } from '../../fakes/forward-proxy.ts'
import { startIssuer, tenantId } from '../../fakes/issuer.ts'
import { listen } from '../../harness/listen.ts'

const certificate = (name: string) => fileURLToPath(new URL(`../../fixtures/certificates/${name}`, import.meta.url))
const caFile = certificate('ca.pem')
const direct: Outbound = { httpProxy: null, httpsProxy: null, noProxy: [], caFile: null }
const issuer = await startIssuer()
const proxy = await startForwardProxy('p w:1')
t.teardown(() => Promise.all([issuer.close(), proxy.close()]))

/** A server on this machine with one of the certificates, which answers as an issuer, an MLflow and a storage do. */
async function startServer(t: Test, cert: string) {
  const options = { key: readFileSync(certificate('server.key')), cert: readFileSync(certificate(`${cert}.pem`)) }
  const server = createServer(options, (request, response) => {
    const [path = ''] = request.url?.split('?') ?? []
    response.setHeader('content-type', 'application/json')
    if (path.endsWith('/keys')) return void response.end(JSON.stringify(issuer.keySet()))
    if (path.endsWith('/token')) return void response.end('{"token_type":"Bearer","access_token":"tok","expires_in":3600}')
    response.end(JSON.stringify({ host: request.headers.host, path, authorization: request.headers.authorization ?? null }))
  })
  const port = await listen(server)
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return port
}

t.test('which addresses go through a forward proxy', async (t) => {
  const both = { HTTP_PROXY: 'http://plain.corp:3128', HTTPS_PROXY: 'tls.corp:3129' }
  const via = (env: NodeJS.ProcessEnv, url: string) =>
    proxyFor({ ...readProxySettings(env).settings, caFile: null }, new URL(url))?.host ?? null
  const cases: readonly (readonly [NodeJS.ProcessEnv, string, string | null])[] = [
    [{}, 'https://a.example', null],
    [both, 'https://a.example', 'tls.corp:3129'],
    [both, 'http://a.example', 'plain.corp:3128'],
    [{ HTTP_PROXY: 'http://plain.corp:3128' }, 'https://a.example', null],
    [{ ...both, https_proxy: 'http://lower.corp:1' }, 'https://a.example', 'lower.corp:1'],
    [{ ...both, https_proxy: '' }, 'https://a.example', null],
    ...['localhost', 'x.localhost', '127.0.0.1', '127.9.9.9', '[::1]'].map((host) => [both, `https://${host}`, null] as const),
    ...(
      [
        ['*', 'a.example', false],
        ['a.example', 'a.example', false],
        ['A.Example', 'a.example.', false],
        ['example', 'a.example', false],
        ['.example', 'a.example', false],
        ['*.example', 'a.example', false],
        ['ample', 'a.example', true],
        ['b.example, a.example', 'a.example', false],
        ['b.example a.example', 'a.example', false],
        ['a.example:443', 'a.example', false],
        ['a.example:8443', 'a.example', true],
        ['a.example:8443', 'a.example:8443', false],
        ['10.0.0.0/8', '10.1.2.3', false],
        ['10.0.0.0/8', '11.1.2.3', true],
        ['10.0.0.0/99', '10.1.2.3', true],
        ['10.1.2.3', '10.1.2.3', false],
        ['1.2.3', '10.1.2.3', true],
        ['fd00::/8', '[fd00::1]', false],
        ['[fd00::1]:443', '[fd00::1]', false],
        ['fd00::1', '[fd00::1]', false],
      ] as const
    ).map(([NO_PROXY, host, proxied]) => [{ ...both, NO_PROXY }, `https://${host}`, proxied ? 'tls.corp:3129' : null] as const),
  ]
  for (const [env, url, wanted] of cases) t.equal(via(env, url), wanted, `${JSON.stringify(env)} ${url}`)
  for (const wrong of ['socks5://a.corp:1080', 'http://', 'a b', 'ftp://x'])
    t.match(
      readProxySettings({ HTTPS_PROXY: wrong }).findings,
      [{ message: /HTTPS_PROXY is not the address/, place: { variable: 'HTTPS_PROXY' } }],
      wrong,
    )
  t.notMatch(
    JSON.stringify(readProxySettings({ https_proxy: 'socks5://u:hunter2@a' }).findings),
    'hunter2',
    'no password is told',
  )
})

/** What comes of reading the keys of an issuer. */
async function readKeys(authority: string, outbound: Outbound) {
  let problem: string | null = 'none yet'
  const entra = { tenantId, audiences: ['x'], authority }
  const report = (reading: { readonly problem: string | null }) => {
    problem = reading.problem
  }
  const keys = new KeySource({ place: entraKeys(entra), outbound, report })
  await keys.refresh()
  await keys.close()
  return problem
}

t.test(
  'issuer, tokens, upstream and storage are reached through a forward proxy, and believed by a private authority',
  async (t) => {
    const port = await startServer(t, 'server')
    const outbound: Outbound = { httpProxy: proxy.url, httpsProxy: proxy.url, noProxy: [], caFile }
    proxy.asked.length = 0
    t.equal(await readKeys(`https://login.internal.test:${port}`, outbound), null)
    const principal = {
      mode: 'servicePrincipal',
      issuer: 'entra',
      tokenUrl: `https://login.internal.test:${port}/${tenantId}/oauth2/v2.0/token`,
      clientId: 'c',
      clientSecretFile: certificate('secret.txt'),
      scope: 's',
    } as const
    const warned: unknown[] = []
    const log = { warn: (about: unknown) => void warned.push(about) }
    t.equal(await openOwnToken(principal, { log, outbound }).read(), 'tok', JSON.stringify(warned))
    const upstream = new Upstream({
      url: `https://mlflow.internal.test:${port}/base`,
      kind: 'mlflow',
      credentials: { mode: 'none' },
      outbound,
    })
    const { text } = await upstream.lookUp('/version', {}, { authorization: null })
    t.match(JSON.parse(text), { host: `mlflow.internal.test:${port}`, path: '/base/version' })
    await upstream.close()
    const ingress = new StorageClient(1, outbound)
    const hosts = new Set([`mlflow.internal.test:${port}`])
    const url = new SignedUrl(`https://mlflow.internal.test:${port}/c/blob?sig=1`, hosts)
    const opened = await ingress.open({ url, dialect: 'blob', headers: new Map() }, {})
    t.equal(opened.status, 200)
    await opened.body.dump()
    await ingress.close()
    const [login, mlflow] = [`CONNECT login.internal.test:${port}`, `CONNECT mlflow.internal.test:${port}`]
    t.same(proxy.asked, [login, login, mlflow, mlflow])
  },
)

t.test('what is plain http is asked of the forward proxy itself', async (t) => {
  const authority = issuer.authority.replace('127.0.0.1', 'login.internal.test')
  const outbound: Outbound = { ...direct, httpProxy: proxy.url }
  proxy.asked.length = 0
  t.equal(await readKeys(authority, outbound), null)
  t.same(proxy.asked, [`GET ${authority}/${tenantId}/discovery/v2.0/keys`])
  const upstream = new Upstream({ url: authority, kind: 'mlflow', credentials: { mode: 'none' }, outbound })
  t.equal((await upstream.lookUp('/nowhere', {}, { authorization: null })).status, 404)
  await upstream.close()
  t.equal(proxy.asked.at(-1), `GET ${authority}/nowhere`)
  const past = { ...outbound, noProxy: ['.internal.test'] }
  t.match(await readKeys(authority, past), /no address here|DNS/, 'NO_PROXY: not through it')
  t.equal(await readKeys(issuer.authority, outbound), null, 'loopback: not through it')
  t.equal(proxy.asked.length, 2)
})

t.test('a forward proxy that does not connect says why', async (t) => {
  const wrong = { ...direct, httpsProxy: proxy.url.replace(/:[^:@]+@/, ':no@') }
  const said = await readKeys('https://login.internal.test:1', wrong)
  t.match(
    said,
    /forward proxy 127\.0\.0\.1:\d+ does not connect to login\.internal\.test:1: it requires a user name and password/,
  )
  t.match(await readKeys('https://login.internal.test:1', { ...direct, httpsProxy: proxy.url }), /it answers 502/)
  t.match(await readKeys('https://login.internal.test:1', { ...direct, httpsProxy: 'http://127.0.0.1:1' }), /cannot be used/)
  t.notMatch(said, 'corp:no', 'no password is told')
})

t.test('a certificate that does not hold is told for what it is', async (t) => {
  const trusting = { ...direct, caFile }
  const cases: readonly (readonly [string, Outbound, RegExp | null])[] = [
    ['server', trusting, null],
    ['server', direct, /authority that is not trusted here; .*tls\.caFile \(UNABLE_TO/],
    ['self-signed', trusting, /self-signed; .*tls\.caFile/],
    ['self-signed', { ...direct, caFile: certificate('self-signed.pem') }, null],
    ['expired', trusting, /has expired/],
    ['other-name', trusting, /is for other\.internal\.test, not for the name in the address/],
  ]
  for (const [name, outbound, wanted] of cases) {
    const port = await startServer(t, name)
    const problem = await readKeys(`https://localhost:${port}`, outbound)
    if (wanted === null) t.equal(problem, null, name)
    else t.match(problem, wanted, name)
  }
  const plain = issuer.authority.replace('http:', 'https:')
  t.match(await readKeys(plain, direct), /does not speak TLS there/)
})
