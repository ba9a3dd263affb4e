import { sign } from 'node:crypto'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import t from 'tap'
import { readServiceAccount, serviceAccounts } from '../../../src/policy/identity/kubernetes-claims.ts'
import { readOpenidPrincipal } from '../../../src/policy/identity/openid-claims.ts'
import { parseJson as parseClaims } from '../../../src/policy/messages/json/json-text.ts'
import { entraIssuer, type Issuer, withOrigin } from '../../../src/server/auth/issuer.ts'
import { entraKeys, openidKeys } from '../../../src/server/auth/key-place.ts'
import { KeySource } from '../../../src/server/auth/key-source.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { authenticateWith } from '../../harness/authenticate-with.ts'
import { listen } from '../../harness/listen.ts'

type Claims = Record<string, unknown>
type Description = (address: string) => object

/** An OpenID Connect issuer that describes itself as `describe` says; its tokens are signed with ES256, or with RS256. */
async function startOpenid(describe: Description = () => ({}), algorithm: 'ES256' | 'RS256' = 'ES256') {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const keys: JWK[] = [{ ...(await exportJWK(publicKey)), kid: 'key-1', alg: algorithm, use: 'sig' }]
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization)
    const document = { issuer: address, jwks_uri: `${address}/keys`, ...describe(address) }
    const said = request.url === '/keys' ? { keys } : document
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said))
  })
  const port = await listen(server)
  const address = `http://127.0.0.1:${port}`
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const now = Math.floor(Date.now() / 1000)
  const token = (claims: Claims = {}, header: Claims = {}) =>
    new SignJWT({
      iss: address,
      aud: ['mlflow', 'other'],
      sub: 'user-1',
      iat: now,
      exp: now + 3600,
      groups: ['apps_acc'],
      ...claims,
    })
      .setProtectedHeader({ alg: algorithm, kid: 'key-1', ...header })
      .sign(privateKey)
  return { address, token, asked, keys }
}

function keysOf(place: ConstructorParameters<typeof KeySource>[0]['place']): KeySource {
  const keys = new KeySource({ place })
  t.teardown(() => keys.close())
  return keys
}

const claims = { id: ['sub'], name: ['preferred_username'], groups: ['groups'] }

function openidIssuer(issuer: string, groupPrefix: string, reserved: readonly string[] = []): Issuer {
  const expectation = { issuer, audiences: ['mlflow'], claims }
  return {
    name: issuer,
    addresses: [issuer],
    algorithms: ['RS256', 'ES256'],
    keys: keysOf(openidKeys(issuer)),
    read: (said, now) => withOrigin(readOpenidPrincipal(said, expectation, now), { groupPrefix, reserved }),
  }
}

const entra = await startIssuer()
t.teardown(() => entra.close())
const expectation = { tenantId: entra.tenantId, audiences: [entra.audience], authority: entra.authority }
const one = await startOpenid()
const two = await startOpenid(undefined, 'RS256')
const reserved = ['two:', serviceAccounts]
const issuers = [
  entraIssuer(expectation, keysOf(entraKeys(expectation))),
  openidIssuer(one.address, '', reserved),
  openidIssuer(two.address, 'two:', [serviceAccounts]),
]
const authenticate = authenticateWith({ issuers })
const bearer = async (token: Promise<string> | string) => authenticate([`Bearer ${await token}`])

t.test('issuers stand side by side, each with its own keys, algorithm and groups', async (t) => {
  t.match((await bearer(entra.token())).principal, { tenantId: entra.tenantId, groups: ['apps_acc'] })
  const first = await bearer(one.token({ preferred_username: 'ada' }))
  t.match(first, { audience: 'mlflow', principal: { tenantId: one.address, objectId: 'user-1', kind: 'user', name: 'ada' } })
  t.same(first.principal.groups, ['apps_acc'])
  t.same((await bearer(two.token())).principal.groups, ['two:apps_acc'])
  t.not(first.principal.tenantId, (await bearer(two.token())).principal.tenantId, 'one subject of two issuers is two callers')
})

t.test('no issuer can speak for another', async (t) => {
  const refused: [name: string, token: Promise<string> | string, message: RegExp][] = [
    ['the key of one, the name of two', one.token({ iss: two.address }), /signature|not signed with|not a signed/],
    ['the key of two, the name of one', two.token({ iss: one.address }), /signature|not signed with|not a signed/],
    [
      'an Entra tenant in another issuer’s token',
      one.token({ iss: `${entra.authority}/${entra.tenantId}/v2.0` }),
      /not signed with RS256/,
    ],
    ['Entra’s key, the name of one', entra.token({ iss: one.address }), /signature|no key with|not a signed/],
    ['a stranger', one.token({ iss: 'https://evil.example' }), /issuer that this proxy does not accept.*Microsoft Entra ID/],
    ['the issuer in a list', one.token({ iss: [one.address] }), /issuer that this proxy does not accept/],
    ['the issuer with a slash more', one.token({ iss: `${one.address}/` }), /issuer that this proxy does not accept/],
    ['another audience', one.token({ aud: entra.audience }), /another audience/],
    ['no audience', one.token({ aud: undefined }), /another audience/],
    ['an audience that is no text', one.token({ aud: ['mlflow', 1] }), /another audience/],
    ['an ID token', one.token({ nonce: 'n' }), /ID token/],
    ['an ID token of Keycloak', one.token({ typ: 'ID' }), /not a plain access token/],
    ['nobody', one.token({ sub: undefined }), /identifies nobody/],
    ['an id with a line end', one.token({ sub: 'a\n' }), /identifies nobody/],
    ['groups in a text', one.token({ groups: 'apps_acc' }), /invalid groups/],
    ['expired', one.token({ exp: Math.floor(Date.now() / 1000) - 61 }), /expired/],
    ['for ever', one.token({ exp: undefined }), /no valid exp/],
  ]
  for (const [name, token, message] of refused) await t.rejects(bearer(token), { reason: 'unauthenticated', message }, name)
  const twice = entra.token(`{"iss":"${one.address}","iss":"${entra.authority}/${entra.tenantId}/v2.0"}`)
  await t.rejects(
    bearer(twice),
    { reason: 'unauthenticated', message: /ambiguous|does not match|issuer/ },
    'two issuers in one token',
  )
})

t.test('a public key is no secret: an algorithm that the key is not for is refused', async (t) => {
  const [, payload] = (await one.token()).split('.')
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode({ alg: 'RS256', kid: 'key-1' })}.${payload}`
  const forged = `${input}.${sign('sha256', Buffer.from(input), entra.key()).toString('base64url')}`
  await t.rejects(bearer(forged), { reason: 'unauthenticated', message: /not a signed/ })
})

t.test('groups of others are left out of an issuer’s token', async (t) => {
  const groups = ['apps_prod', 'two:apps_prod', 'system:serviceaccount:prod:train', 'system:serviceaccounts:prod']
  t.same((await bearer(one.token({ groups }))).principal.groups, ['apps_prod'])
})

t.test('missing groups are unknown, and an empty list is none', async (t) => {
  t.match(await bearer(one.token({ groups: undefined })), { unlisted: true, principal: { groups: [] } })
  t.equal((await bearer(one.token({ groups: [] }))).unlisted, undefined)
})

t.test('claims may be inside others, and applications are told from people', async (t) => {
  const nested = { issuer: 'i', audiences: ['a'], claims: { ...claims, groups: ['realm_access', 'roles'] } }
  const read = (more: object) => {
    const said = { iss: 'i', aud: 'a', sub: 's', iat: 1_000, exp: 2_000, realm_access: { roles: ['r'] }, ...more }
    const json = JSON.stringify(said)
    return readOpenidPrincipal(parseClaims(json), nested, 1_500).principal
  }
  t.same(read({}).groups, ['r'])
  for (const more of [{ client_id: 's' }, { azp: 's' }, { gty: 'client-credentials' }]) t.equal(read(more).kind, 'application')
  t.equal(read({ azp: 'app' }).kind, 'user')
})

t.test('an issuer whose description is not its own, or leads to an unprotected place, has no keys', async (t) => {
  const described: [string, Description][] = [
    ['another issuer', () => ({ issuer: one.address })],
    ['no keys', () => ({ jwks_uri: undefined })],
    ['keys elsewhere by http', () => ({ jwks_uri: 'http://192.0.2.1/keys' })],
    ['keys in a file', () => ({ jwks_uri: 'file:///etc/passwd' })],
  ]
  for (const [name, describe] of described) {
    const issuer = await startOpenid(describe)
    const authenticate = authenticateWith({ issuers: [openidIssuer(issuer.address, '')] })
    const expected = { reason: 'issuer-unavailable', message: /have not been read yet/ }
    await t.rejects(authenticate([`Bearer ${await issuer.token()}`]), expected, name)
  }
})

t.test('a service account is in the groups of its name and its namespace', async (t) => {
  const issuer = 'https://kubernetes.default.svc'
  const read = (more: object) => {
    const details = { namespace: 'acc', serviceaccount: { name: 'train', uid: 'u' } }
    const sub = 'system:serviceaccount:acc:train'
    const said = { iss: issuer, aud: ['mlflow'], sub, iat: 1_000, nbf: 1_000, exp: 4_600, 'kubernetes.io': details, ...more }
    return readServiceAccount(parseClaims(JSON.stringify(said)), { issuer, audiences: ['mlflow'] }, 1_500).principal
  }
  t.match(read({}), {
    objectId: 'system:serviceaccount:acc:train',
    kind: 'application',
    groups: ['system:serviceaccount:acc:train', 'system:serviceaccounts:acc'],
  })
  const projected = { reason: 'unauthenticated', message: /serviceAccountToken/ }
  t.throws(() => read({ 'kubernetes.io': { namespace: 'prod' } }), projected, 'a namespace that is not its own')
  t.throws(() => read({ 'kubernetes.io': undefined }), projected, 'a token that is not bound')
  t.throws(() => read({ sub: 'system:node:acc' }), projected, 'a node')
  t.throws(() => read({ sub: 'system:serviceaccount:acc:train:prod' }), projected, 'a name with a colon')
  t.throws(
    () => read({ aud: ['https://kubernetes.default.svc'] }),
    { message: /another audience/ },
    'the token of the API server',
  )
  t.throws(() => read({ exp: undefined }), { message: /no valid exp/ }, 'the token of a secret, which never expires')
})
