import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import t from 'tap'
import type { UpstreamCredentials } from '../../../src/server/config/config-types.ts'
import { openCredentials, openOwnToken } from '../../../src/server/credentials/open-credentials.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { exchangeAudience, machineSecret, serveTokens } from '../../fakes/token-endpoints.ts'

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/certificates/${name}`, import.meta.url), 'utf8')
const [issuer, kubernetes] = await Promise.all([startIssuer(), startIssuer()])
const folder = mkdtempSync(join(tmpdir(), 'credentials-'))
t.teardown(async () => {
  await Promise.all([issuer.close(), kubernetes.close()])
  rmSync(folder, { recursive: true })
})
const write = (name: string, content: string) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const clientSecretFile = write('secret', 'hunter2')
const certificateFile = write('client.pem', fixture('client.pem'))
const subject = 'system:serviceaccount:mlflow:proxy'
const projected = (claims = {}) => kubernetes.token({ iss: 'https://kubernetes', aud: exchangeAudience, sub: subject, ...claims })
const tokenFile = write('projected', await projected())
const endpoints = serveTokens(issuer, [
  {
    clientId: 'app-1',
    secret: 'hunter2',
    certificate: fixture('client.pem'),
    federated: { issuer: kubernetes, subject, audience: exchangeAudience },
    roles: ['apps_acc'],
  },
])
const scope = 'api://mlflow/.default'
const entra = { issuer: 'entra', tokenUrl: endpoints.tokenUrl, clientId: 'app-1', scope } as const
const workspace = {
  issuer: 'databricks',
  tokenUrl: `${issuer.authority}/oidc/v1/token`,
  clientId: 'app-1',
  scope: 'all-apis',
} as const
const machine = { mode: 'managedIdentity', secret: null, clientId: null, resource: 'api://mlflow' } as const
const imds = { ...machine, endpoint: `${issuer.authority}/metadata/identity/oauth2/token` } as const

function start(credentials: UpstreamCredentials) {
  endpoints.asked.length = 0
  endpoints.fault = null
  endpoints.lifetime = 3600
  const clock = { now: 0 }
  const warned: object[] = []
  const log = { warn: (about: object, message?: string) => void warned.push({ ...about, message }) }
  const source = openCredentials(credentials, { log, clock: () => clock.now })
  const read = async (authorization: string | null = null) => (await source.read({ authorization })).authorization ?? null
  return { clock, warned, source, read }
}
const claimsOf = (authorization: string | null) => decodeJwt(authorization?.slice('Bearer '.length) ?? '')

const own: readonly (readonly [name: string, credentials: UpstreamCredentials, asked: object])[] = [
  [
    'a client secret',
    { mode: 'servicePrincipal', ...entra, clientSecretFile },
    { grant_type: 'client_credentials', client_id: 'app-1', client_secret: 'hunter2', scope },
  ],
  [
    'a certificate',
    { mode: 'servicePrincipal', ...entra, certificateFile },
    { grant_type: 'client_credentials', client_assertion: /^ey/, scope },
  ],
  [
    'a projected token',
    { mode: 'workloadIdentity', ...entra, tokenFile },
    { grant_type: 'client_credentials', client_assertion: readFileSync(tokenFile, 'utf8'), scope },
  ],
  ['a virtual machine', { ...imds }, { 'api-version': '2018-02-01', resource: 'api://mlflow' }],
  [
    'a container app',
    { ...machine, endpoint: `${issuer.authority}/msi/token`, secret: machineSecret, clientId: 'app-1' },
    { 'api-version': '2019-08-01', resource: 'api://mlflow', client_id: 'app-1' },
  ],
  [
    'a secret of the workspace',
    { mode: 'servicePrincipal', ...workspace, clientSecretFile },
    { grant_type: 'client_credentials', scope: 'all-apis' },
  ],
  [
    'a projected token that the workspace exchanges',
    { mode: 'workloadIdentity', ...workspace, tokenFile },
    { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', client_id: 'app-1', scope: 'all-apis' },
  ],
]

for (const [name, credentials, asked] of own)
  t.test(`the proxy's own token by ${name}: asked for once, renewed ahead, and kept while the issuer is down`, async (t) => {
    const { clock, read, warned } = start(credentials)
    const [first, second] = await Promise.all([read(), read()])
    t.equal(first, second)
    t.match(claimsOf(first), {
      aud:
        credentials.mode !== 'managedIdentity' && 'issuer' in credentials && credentials.issuer === 'databricks'
          ? 'databricks'
          : 'api://mlflow',
    })
    t.match(endpoints.asked, [asked])
    t.equal(endpoints.asked.length, 1)
    clock.now = 56 * 60_000
    t.equal(await read(), first, 'nobody waits for the next one')
    while (endpoints.asked.length < 2) await turn()
    while ((await read()) === first) await turn()
    const renewed = await read()
    t.equal(endpoints.asked.length, 2)
    endpoints.fault = (response) => response.destroy()
    clock.now += 56 * 60_000
    t.equal(await read(), renewed)
    while (warned.length === 0) await turn()
    t.equal(await read(), renewed, 'kept')
    t.equal(warned.length, 1)
    clock.now += 5 * 60_000
    await t.rejects(read(), { name: 'Refusal', message: /cannot get credentials for MLflow at the moment/ })
    endpoints.fault = null
    clock.now += 1_001
    t.not(await read(), renewed)
    t.notMatch(JSON.stringify(warned), /hunter2|ey[A-Z]|Bearer/, 'no token, no secret and no sentence of the issuer is told')
  })

t.test('tokens of twenty seconds are renewed after fifteen', async (t) => {
  const { clock, read } = start({ mode: 'servicePrincipal', ...entra, clientSecretFile })
  endpoints.lifetime = 20
  const first = await read()
  clock.now = 14_000
  t.equal(await read(), first)
  t.equal(endpoints.asked.length, 1)
  clock.now = 15_000
  t.equal(await read(), first)
  while ((await read()) === first) await turn()
  t.equal(endpoints.asked.length, 2)
})

t.test('what an issuer says instead of a token, and files that are none, are told without repeating them', async (t) => {
  const secret = write('wrong-secret', 'hunter3')
  const cases: readonly (readonly [UpstreamCredentials, string | RegExp])[] = [
    [{ mode: 'servicePrincipal', ...entra, clientSecretFile: secret }, 'the issuer answers invalid_client (AADSTS7000215)'],
    [
      { mode: 'servicePrincipal', ...entra, clientId: 'app-2', clientSecretFile },
      'the issuer answers unauthorized_client (AADSTS700016)',
    ],
    [{ mode: 'servicePrincipal', ...workspace, clientSecretFile: secret }, 'the issuer answers invalid_client'],
    [
      {
        mode: 'workloadIdentity',
        ...entra,
        tokenFile: write('other', await projected({ sub: 'system:serviceaccount:mlflow:other' })),
      },
      'the issuer answers invalid_client (AADSTS700213)',
    ],
    [{ ...machine, endpoint: `${issuer.authority}/msi/token`, secret: 'wrong' }, 'the issuer answers invalid_request'],
    [
      { mode: 'servicePrincipal', ...entra, clientSecretFile: join(folder, 'none') },
      /the file .*none does not exist; write the path/,
    ],
    [
      {
        mode: 'servicePrincipal',
        ...entra,
        certificateFile: write('mixed.pem', fixture('ca.pem') + fixture('client.pem').split('-----END CERTIFICATE-----')[1]),
      },
      /has a private key of another certificate; write the certificate and its RSA private key/,
    ],
    [
      { mode: 'servicePrincipal', ...entra, certificateFile: write('curve.pem', fixture('server.pem') + fixture('server.key')) },
      /has a key that is not RSA; write/,
    ],
    [
      { mode: 'servicePrincipal', ...entra, certificateFile: write('half.pem', fixture('server.pem')) },
      /has no private key without a passphrase that can be read/,
    ],
  ]
  for (const [credentials, problem] of cases) {
    const { read, warned } = start(credentials)
    await t.rejects(read(), { name: 'Refusal', message: /cannot get credentials/ })
    t.match(warned, [{ problem, message: 'no token for MLflow is available' }])
    t.notMatch(JSON.stringify(warned), /hunter|ey[A-Z]|do not repeat/)
  }
})

t.test('answers that are no tokens', async (t) => {
  const json = { 'content-type': 'application/json' }
  const grant = (fields: object) => JSON.stringify({ token_type: 'Bearer', access_token: 'a-token', expires_in: 60, ...fields })
  const cases: readonly (readonly [status: number, headers: Record<string, string>, body: string])[] = [
    [200, { 'content-type': 'text/html' }, '<html>'],
    [200, json, 'a-token'],
    [200, json, grant({ access_token: 'a token' })],
    [200, json, grant({ access_token: 'a\r\nx-evil: 1' })],
    [200, json, grant({ access_token: ['a-token'] })],
    [200, json, grant({ expires_in: 0 })],
    [200, json, grant({ expires_in: 'soon' })],
    [200, json, grant({ expires_in: undefined })],
    [302, { location: 'http://127.0.0.1:1/', ...json }, '{}'],
    [400, json, JSON.stringify({ error: 'a-token hunter2\nforged line' })],
    [429, { 'retry-after': '5' }, ''],
    [503, {}, 'a-token'],
    [200, json, grant({ filler: 'x'.repeat(100_000) })],
  ]
  for (const credentials of [{ mode: 'servicePrincipal', ...entra, clientSecretFile }, imds] as const)
    for (const [status, headers, body] of cases) {
      const { read, warned } = start(credentials)
      endpoints.fault = (response) => void response.writeHead(status, headers).end(body)
      await t.rejects(read(), { name: 'Refusal', message: /cannot get credentials/ }, `${status} ${body.slice(0, 80)}`)
      t.equal(warned.length, 1)
      t.notMatch(JSON.stringify(warned), /a-token|hunter2|forged/)
    }
})

t.test('files are read anew for every token', async (t) => {
  const file = write('rotating', await projected())
  const { clock, read } = start({ mode: 'workloadIdentity', ...entra, tokenFile: file })
  await read()
  await kubernetes.rotate()
  clock.now = 61 * 60_000
  await t.rejects(read(), { name: 'Refusal', message: /cannot get credentials/ })
  write('rotating', await projected())
  clock.now += 1_001
  t.match(await read(), /^Bearer ey/)
})

const user = (claims = {}) =>
  issuer.token({
    idtyp: undefined,
    scp: 'access_as_user',
    oid: '11111111-0000-4000-8000-000000000001',
    sub: 'pairwise',
    ...claims,
  })

t.test('a caller’s token is exchanged once, each for itself, and never for another’s', async (t) => {
  for (const [name, client] of Object.entries({
    entra: { ...entra, clientSecretFile },
    workspace: { ...workspace, clientId: null },
  })) {
    const { clock, read, source, warned } = start({ mode: 'onBehalfOf', ...client })
    const [ada, bob] = [await user(), await user({ oid: '22222222-0000-4000-8000-000000000002' })]
    t.equal(await read(), null, 'the proxy itself has no token')
    const [first, again, other] = await Promise.all([read(`Bearer ${ada}`), read(`Bearer ${ada}`), read(`Bearer ${bob}`)])
    t.equal(first, again, name)
    t.equal(endpoints.asked.length, 2, 'one flight for each caller')
    const who = (authorization: string | null) => {
      const { oid, sub } = claimsOf(authorization)
      return name === 'entra' ? oid : sub
    }
    t.equal(who(first), '11111111-0000-4000-8000-000000000001')
    t.equal(who(other), '22222222-0000-4000-8000-000000000002')
    const refused = { authorization: first ?? '' }
    t.equal(source.refuse({ authorization: `Bearer ${ada}` }, refused), true, 'the upstream did not take it')
    t.not(await read(`Bearer ${ada}`), first)
    t.equal(await read(`Bearer ${bob}`), other)
    endpoints.fault = (response) => response.destroy()
    clock.now = 56 * 60_000
    t.equal(await read(`Bearer ${bob}`), other, 'kept while the issuer is down')
    while (warned.length === 0) await turn()
  }
  t.match(endpoints.asked[0], { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', client_id: undefined })
})

t.test('what keeps a caller’s token from being exchanged, in a sentence for the caller', async (t) => {
  const obo = { mode: 'onBehalfOf', ...entra, certificateFile } as const
  const federation = { mode: 'onBehalfOf', ...workspace, clientId: null } as const
  const forAnother = await user({ aud: 'api://other' })
  const cases: readonly (readonly [UpstreamCredentials, string, { reason: string; message: RegExp }, object?])[] = [
    [obo, await issuer.token(), { reason: 'upstream-forbids', message: /Your token is an application’s/ }],
    [
      obo,
      forAnother,
      { reason: 'unauthenticated', message: /does not exchange your token: invalid_grant \(AADSTS500131\)\. Send a new one/ },
    ],
    [obo, await user(), { reason: 'upstream-refused', message: /AADSTS65001.*must consent/ }, { consent: true }],
    [obo, await user(), { reason: 'unauthenticated', message: /sign in again.*AADSTS50076/ }, { interaction: true }],
    [
      federation,
      forAnother,
      { reason: 'unauthenticated', message: /workspace does not exchange your token: invalid_grant\. Its federation policy/ },
    ],
  ]
  for (const [credentials, token, refusal, unwilling] of cases) {
    const { read, warned } = start(credentials)
    Object.assign(endpoints.unwilling, { consent: false, interaction: false }, unwilling)
    await t.rejects(read(`Bearer ${token}`), { name: 'Refusal', ...refusal })
    t.same(warned, [], 'it is for the caller to hear')
  }
  Object.assign(endpoints.unwilling, { consent: false, interaction: false })
  const { read, warned } = start({ ...obo, clientId: 'app-2' })
  await t.rejects(read(`Bearer ${await user()}`), { name: 'Refusal', message: /cannot get credentials/ })
  t.match(warned, [{ problem: /unauthorized_client/ }], 'the proxy’s own fault')
})

t.test('the token of sidecar and agent is any of the proxy’s own', async (t) => {
  const warned: object[] = []
  const file = write('own', 'first')
  const log = { warn: (about: object) => void warned.push(about) }
  const clock = { now: 0 }
  const token = openOwnToken({ mode: 'token', file }, { log, clock: () => clock.now })
  t.equal(await token.read(), 'first')
  write('own', 'second-token')
  clock.now = 1_000
  t.equal(await token.read(), 'second-token')
  rmSync(file)
  clock.now = 2_000
  t.equal(await token.read(), 'second-token')
  t.match(warned, [{ problem: /does not exist/ }])
})

for (const [name, credentials] of own.filter(([each]) => each === 'a client secret' || each === 'a container app'))
  t.test(`an issuer that says when to come again is left alone until then, at most a minute (${name})`, async (t) => {
    const { clock, read, warned } = start(credentials)
    const say = (after: string) => {
      endpoints.fault = (response) => response.writeHead(429, { 'retry-after': after }).end('{"error":"slow_down"}')
    }
    say('30')
    await t.rejects(read(), { name: 'Refusal' })
    clock.now = 29_000
    await t.rejects(read(), { name: 'Refusal' })
    t.equal(warned.length, 1, 'it was asked once')
    say('86400')
    clock.now = 30_001
    await t.rejects(read(), { name: 'Refusal' })
    t.equal(warned.length, 2)
    endpoints.fault = null
    clock.now += 59_000
    await t.rejects(read(), { name: 'Refusal' })
    clock.now += 1_001
    const first = await read()
    t.match(first, /^Bearer ey/)
    say('45')
    clock.now += 56 * 60_000
    t.equal(await read(), first)
    while (warned.length < 3) await turn()
    clock.now += 44_000
    t.equal(await read(), first)
    t.equal(warned.length, 3, 'nor asked while the old token is still good')
    for (const wrong of ['soon', '-1', 'NaN']) {
      say(wrong)
      clock.now += 60 * 60_000
      await t.rejects(read(), { name: 'Refusal' }, wrong)
      clock.now += 1_001
      endpoints.fault = null
      t.match(await read(), /^Bearer ey/, `after a second, as without ${wrong}`)
    }
  })
