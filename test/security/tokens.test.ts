// biome-ignore-all format: one token a row
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type Answer, startIssuer, type TokenOptions } from '../fakes/issuer.ts'
import { listForgeries } from '../fixtures/forgeries.ts'
import { freePort } from '../harness/program.ts'
import { startProxy } from '../harness/proxy.ts'

// Stands for MLflow: what is tried here never gets so far, but for what must.
const experiment = { experiment_id: '1', name: '/experiments/acc/Default', artifact_location: 'mlflow-artifacts:/1', lifecycle_stage: 'active' }
const heard: string[] = []
const upstream = createServer((request, response) => {
  heard.push(JSON.stringify(request.rawHeaders))
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ experiment }))
})
const port = await freePort()
upstream.listen(port, '127.0.0.1')

const issuer = await startIssuer()
const stranger = await startIssuer()
const environments = { acc: {}, prod: { production: true, promotesFrom: ['acc'] } }
const proxy = await startProxy({ upstream: `http://127.0.0.1:${port}`, issuer, environments })
t.teardown(async () => {
  await Promise.all([proxy.close(), issuer.close(), stranger.close()])
  upstream.closeAllConnections()
  upstream.close()
})
t.setTimeout(120_000)

async function statusOf(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`${proxy.url}/api/2.0/mlflow/experiments/get?experiment_id=0`, { headers })
  await response.arrayBuffer()
  return response.status
}

const now = Math.floor(Date.now() / 1000)
const gone = undefined
const oid = '00000000-0000-4000-8000-0123456789ab'
const user = { idtyp: gone, scp: 'mlflow.use', sub: 'pairwise' }

/** Claims that are not what Microsoft Entra ID writes for a caller of acc, and the status that they get. */
const claims: readonly (readonly [name: string, status: number, claims: Record<string, unknown>])[] = [
  ['an application', 200, {}],
  ['a user', 200, user],
  ['a token of version 1', 200, { ver: '1.0', iss: `https://sts.windows.net/${issuer.tenantId}/` }],
  ['a group among others', 200, { roles: ['x', 'apps_acc', 'y'] }],
  ['a group in the groups claim', 200, { roles: gone, groups: ['apps_acc'] }],
  ['expired for less than the skew', 200, { exp: now - 20, iat: now - 4000, nbf: now - 4000 }],
  ['expired', 401, { exp: now - 130 }],
  ['no expiry', 401, { exp: gone }],
  ['an expiry that is text', 401, { exp: String(now + 3600) }],
  ['an expiry that is a list', 401, { exp: [now + 3600] }],
  ['an expiry that is null', 401, { exp: null }],
  ['an expiry that is true', 401, { exp: true }],
  ['an expiry with a fraction', 401, { exp: now + 3600.5 }],
  ['an expiry in the far future', 401, { exp: 9e15 }],
  ['an expiry after two days', 401, { exp: now + 48 * 3600 }],
  ['a negative expiry', 401, { exp: -1 }],
  ['not yet valid', 401, { nbf: now + 600 }],
  ['no start', 401, { nbf: gone }],
  ['issued in the future', 401, { iat: now + 600 }],
  ['no time of issue', 401, { iat: gone }],
  ['another audience', 401, { aud: '00000003-0000-0000-c000-000000000000' }],
  ['no audience', 401, { aud: gone }],
  ['two audiences', 401, { aud: [issuer.audience, 'x'] }],
  ['a list of one audience', 401, { aud: [issuer.audience] }],
  ['an audience in capitals', 401, { aud: issuer.audience.toUpperCase() }],
  ['an audience with a slash', 401, { aud: `${issuer.audience}/` }],
  ['an audience with a space', 401, { aud: `${issuer.audience} ` }],
  ['an object for an audience', 401, { aud: { [issuer.audience]: true } }],
  ['another tenant', 401, { tid: '99999999-2222-3333-4444-555555555555' }],
  ['no tenant', 401, { tid: gone }],
  ['a list of tenants', 401, { tid: [issuer.tenantId] }],
  ['another issuer', 401, { iss: stranger.authority }],
  ['the issuer of another tenant', 401, { iss: `${issuer.authority}/99999999-2222-3333-4444-555555555555/v2.0` }],
  ['the issuer of all tenants', 401, { iss: `${issuer.authority}/common/v2.0` }],
  ['the template of an issuer', 401, { iss: `${issuer.authority}/{tenantid}/v2.0` }],
  ['an issuer with a slash', 401, { iss: `${issuer.authority}/${issuer.tenantId}/v2.0/` }],
  ['an issuer that goes on', 401, { iss: `${issuer.authority}/${issuer.tenantId}/v2.0.evil.example` }],
  ['the issuer of the other version', 401, { iss: `https://sts.windows.net/${issuer.tenantId}/` }],
  ['no issuer', 401, { iss: gone }],
  ['no version', 401, { ver: gone }],
  ['version 3', 401, { ver: '3.0' }],
  ['a version that is a number', 401, { ver: 2 }],
  ['nobody', 401, { oid: gone, sub: oid }],
  ['somebody who is no GUID', 401, { oid: '../../x' }],
  ['a list of somebodies', 401, { oid: [oid] }],
  ['an ID token', 401, { idtyp: gone, sub: 'pairwise', nonce: 'n' }],
  ['neither a user nor an application', 401, { idtyp: gone, sub: 'pairwise' }],
  ['a user without a scope', 401, { ...user, scp: '' }],
  ['a list of scopes', 401, { ...user, scp: ['mlflow.use'] }],
  ['a token that is bound to a key', 401, { cnf: { jkt: 'x' } }],
  ['a user token that is bound to a key', 401, { ...user, cnf: { kid: 'x' } }],
  ['a token that calls itself bound', 401, { token_type: 'pop' }],
  ['another kind of identity', 401, { idtyp: 'device', sub: 'x' }],
  ['a guest', 401, { ...user, acct: 1 }],
  ['a guest by text', 401, { ...user, acct: '1' }],
  ['a user of another provider', 401, { ...user, idp: 'https://sts.windows.net/99999999-2222-3333-4444-555555555555/' }],
  ['no groups at all', 403, { roles: gone }],
  ['an empty list of groups', 403, { roles: [] }],
  ['another group', 403, { roles: ['apps_other'] }],
  ['a longer group', 403, { roles: ['apps_accounting'] }],
  ['a group in capitals', 403, { roles: ['APPS_ACC'] }],
  ['a group with a space', 403, { roles: ['apps_acc '] }],
  ['groups in one word', 403, { roles: ['apps_acc,apps_prod'] }],
  ['groups as text', 401, { roles: 'apps_acc' }],
  ['groups as an object', 401, { roles: { 0: 'apps_acc', length: 1 } }],
  ['a list in a list of groups', 401, { roles: [['apps_acc']] }],
  ['groups that are null', 401, { roles: null }],
  ['the group in another claim', 403, { roles: gone, wids: ['apps_acc'], group: ['apps_acc'], scp_roles: ['apps_acc'] }],
  ['groups elsewhere', 403, { roles: gone, _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: stranger.authority } } }],
  ['groups that are too many', 403, { roles: gone, hasgroups: true }],
  ['groups elsewhere and some here', 403, { roles: gone, groups: ['apps_acc'], _claim_names: { groups: 'src1' } }],
  ['two environments, and none chosen', 403, { roles: ['apps_acc', 'apps_prod'] }],
]

await t.test('a token is judged by every claim that Microsoft Entra ID writes', async (t) => {
  for (const [name, status, members] of claims) t.equal(await statusOf(await issuer.token(members)), status, name)
})

await t.test('a payload that can be read in two ways is refused', async (t) => {
  const [, payload = ''] = (await issuer.token()).split('.')
  const text = Buffer.from(payload, 'base64url').toString()
  const texts: Record<string, string> = {
    'the issuer twice': text.replace('{', `{"iss":"${stranger.authority}",`),
    'the groups twice': text.replace('{', '{"roles":["apps_prod"],'),
    'the groups twice by an escape': text.replace('{', '{"rol\\u0065s":["apps_prod"],'),
    'an expiry of infinity': text.replace(/"exp":\d+/, '"exp":1e400'),
    'an expiry with an exponent': text.replace(/"exp":\d+/, `"exp":${(now + 3600) / 1e9}e9`),
    '__proto__': text.replace('{', '{"__proto__":{"roles":["apps_prod"]},').replace('"apps_acc"', ''),
    'a list': `[${text}]`,
    'text in text': JSON.stringify(text),
    'a byte order mark': `\ufeff${text}`,
    'something behind': `${text}{}`,
    nothing: '',
    null: 'null',
  }
  for (const [name, payload] of Object.entries(texts)) {
    const status = await statusOf(await issuer.token(payload))
    t.ok([401, 403].includes(status), `${name}: ${status}`)
  }
})

await t.test('forged tokens are refused, and nobody whom they name is asked', async (t) => {
  for (const [name, options] of listForgeries(issuer, stranger)) t.equal(await statusOf(await issuer.token({}, options)), 401, name)
  t.equal(stranger.reads(), 0)
})

const bad: Readonly<Record<string, Answer>> = {
  'a page of HTML': { body: '<html>sign in</html>' },
  'an error': { status: 503, body: '{}' },
  'a dropped connection': 'drop',
  'no keys': { body: '{"keys":[]}' },
  'two megabytes': { body: `{"keys":[],"x":"${'a'.repeat(2_000_000)}"}` },
  'the way to others': { status: 302, headers: { location: `${stranger.authority}/${stranger.tenantId}/discovery/v2.0/keys` }, body: '' },
}

await t.test('bad answers of the issuer keep the keys that are known', async (t) => {
  const good = await issuer.token()
  for (const [name, answer] of Object.entries(bad)) {
    issuer.setAnswer(answer)
    t.equal(await statusOf(await issuer.token({}, { header: { kid: `unknown ${name}` } })), 401, `${name}: an unknown key is not trusted`)
    t.equal(await statusOf(good), 200, `${name}: a known one is`)
  }
  issuer.setAnswer('keys')
  t.equal(stranger.reads(), 0)
})

await t.test('a flood of unknown keys makes a few reads', async (t) => {
  const before = issuer.reads()
  const flood: TokenOptions[] = Array.from({ length: 200 }, (_, index) => ({ header: { kid: `flood-${index}` } }))
  const statuses = await Promise.all(flood.map(async (options) => statusOf(await issuer.token({}, options))))
  t.same([...new Set(statuses)], [401])
  t.ok(issuer.reads() - before <= 2, `${issuer.reads() - before} reads`)
})

await t.test('a new key is taken within ten seconds, and one that is withdrawn is not', async (t) => {
  const old = await issuer.token()
  await issuer.rotate()
  const fresh = await issuer.token()
  const end = Date.now() + 10_000
  let status = await statusOf(fresh)
  while (status !== 200 && Date.now() < end) {
    await sleep(500)
    status = await statusOf(fresh)
  }
  t.equal(status, 200)
  t.equal(await statusOf(old), 401)
})

await t.test('no token is in the output or goes upstream', async (t) => {
  const tokens = /eyJ[\w-]{20,}/
  t.notMatch(proxy.logs(), tokens)
  t.notMatch(heard.join('\n'), tokens)
  t.ok(heard.length > 0, 'and upstream was asked')
})
