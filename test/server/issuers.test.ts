import { createHmac } from 'node:crypto'
import t, { type Test } from 'tap'
import { startFakeUpstream } from '../fakes/fake-upstream.ts'
import { objectId, startIssuer } from '../fakes/issuer.ts'
import { startCluster, startProvider, startWorkspaceTokens } from '../fakes/other-issuers.ts'
import type { Signer } from '../fakes/signer.ts'
import { startInProcess } from '../harness/app.ts'

// One proxy before MLflow whose callers come from five issuers, each with an environment of its own.
const [upstream, entra, provider, plain, cluster, workspace] = await Promise.all([
  startFakeUpstream(),
  startIssuer(),
  startProvider(['team']),
  startProvider(['plain_team']),
  startCluster('ml', 'node-token'),
  startWorkspaceTokens('data'),
])
const { tenantId, audience, authority } = entra
const clock = { now: 1 }
const app = await startInProcess(
  {
    upstream: { url: upstream.url },
    authentication: {
      entra: { tenantId, audiences: [audience], authority },
      databricksTokens: true,
      issuers: [
        { kind: 'oidc', issuer: provider.address, audiences: ['mlflow'], groupPrefix: 'op:' },
        { kind: 'oidc', issuer: plain.address, audiences: ['mlflow'] },
        {
          kind: 'kubernetes',
          issuer: cluster.address,
          audiences: ['mlflow'],
          keysUrl: `${cluster.address}/openid/v1/jwks`,
          tokenFile: 'node-token',
        },
        { kind: 'databricks', workspace: new URL(workspace.address).origin, groupPrefix: 'dbx:' },
      ],
    },
    environments: {
      acc: {},
      provider: { groups: ['op:team'] },
      plain: { groups: ['plain_team'] },
      cluster: { groups: ['system:serviceaccounts:ml'] },
      workspace: { groups: ['dbx:data'] },
    },
  },
  { files: { 'node-token': 'node-token' }, callersClock: () => clock.now },
)
t.teardown(async () => {
  await app.close()
  await Promise.all([upstream, entra, provider, plain, cluster, workspace].map((each) => each.close()))
})

/** The same for all: what a test may change of an issuer's token. */
const home: Signer = {
  address: `${authority}/${tenantId}/v2.0`,
  algorithm: 'RS256',
  kid: String(entra.keySet().keys[0]?.kid),
  publicKey: { ...entra.keySet().keys[0], kty: 'RSA' },
  claims: () => {
    const now = Math.floor(Date.now() / 1000)
    const who = { oid: objectId, sub: objectId, azp: objectId, idtyp: 'app', tid: tenantId, ver: '2.0', roles: ['apps_acc'] }
    return { iss: `${authority}/${tenantId}/v2.0`, aud: audience, iat: now, nbf: now, exp: now + 3600, ...who }
  },
  token: (claims = {}, header = {}) => entra.token(claims, { header }),
}
const issuers: Readonly<Record<string, Signer>> = { acc: home, provider, plain, cluster, workspace }

const read = '/api/2.0/mlflow/registered-models/search?max_results=1'

async function ask(token: string, path = '/-/whoami') {
  const answer = await fetch(`${app.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
  const body: { environment?: string; message?: string } = JSON.parse(await answer.text())
  return { status: answer.status, ...body }
}

/** A token that is refused, in one sentence, before anything is sent upstream, and without a trace of it in the log. */
async function refuses(test: Test, token: string, message: RegExp, name: string, status = 401) {
  const before = upstream.received.length
  const answer = await ask(token, read)
  test.match(answer, { status, message }, name)
  test.match(answer.message, /^[^\n]{20,400}$/, name)
  test.equal(upstream.received.length, before, name)
  const secret = token.split('.').at(-1) ?? token
  if (secret.length > 8) test.notOk(app.logs().includes(secret), name)
}

t.test('callers of every issuer are in the environment of their groups', async (t) => {
  for (const [environment, issuer] of Object.entries(issuers)) {
    const answer = await ask(await issuer.token())
    t.match(answer, { status: 200, environments: [environment] }, environment)
  }
  t.match(await ask(await provider.request()), { status: 200, environments: ['provider'] }, 'with a token of the library’s own')
  const answer = await ask(await provider.request(), read)
  t.equal(answer.status, 200)
})

t.test('no issuer speaks for another: all pairs', async (t) => {
  for (const [name, signer] of Object.entries(issuers)) {
    for (const [other, victim] of Object.entries(issuers)) {
      if (name === other) continue
      const pair = `${name} as ${other}`
      const claims = victim.claims()
      const unknown = /signature|no key with|not signed with|not a signed/
      await refuses(t, await signer.token(claims), unknown, `${pair}, under its own key id`)
      await refuses(t, await signer.token(claims, { kid: victim.kid }), unknown, `${pair}, under the other's key id`)
      const own = { ...claims, iss: signer.address }
      const answer = await ask(await signer.token(own))
      t.notMatch(answer, { environments: [other] }, `${pair}, with its own name and the other's claims`)
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const input = `${encode({ alg: 'HS256', kid: victim.kid, typ: 'JWT' })}.${encode(claims)}`
      const secret = JSON.stringify(victim.publicKey)
      const forged = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
      await refuses(t, forged, /is not signed with/, `${other}'s public key as a secret`)
      const groups = ['apps_acc', 'op:team', 'dbx:data', 'system:serviceaccounts:ml', 'system:serviceaccount:ml:train']
      const greedy = await ask(await signer.token({ groups, roles: groups }))
      if (victim !== home && victim !== plain) t.notMatch(greedy, { environments: [other] }, `${pair}, by naming its groups`)
    }
  }
})

t.test('a token for another audience, an expired one and an ID token are refused by every issuer', async (t) => {
  for (const [name, issuer] of Object.entries(issuers)) {
    const now = Math.floor(Date.now() / 1000)
    if (issuer !== workspace) await refuses(t, await issuer.token({ aud: 'https://elsewhere' }), /for another audience/, name)
    await refuses(t, await issuer.token({ iat: now - 7200, nbf: now - 7200, exp: now - 3600 }), /has expired/, name)
    await refuses(t, await issuer.token({ nonce: 'n' }), /ID token/, name)
    await refuses(t, await issuer.token({ cnf: { jkt: 'k' } }), /bound to a key/, name)
    await refuses(t, await issuer.token({}, { typ: 'logout+jwt' }), /type of the token is not JWT/, name)
    await refuses(t, await issuer.token({}, { jku: 'https://evil.example' }), /unsupported parameters/, name)
  }
  await refuses(t, await provider.token({ iss: 'https://evil.example' }), /issuer that this proxy does not accept/, 'a stranger')
})

t.test('a workspace is asked about its tokens once a minute, and its refusals count at once', async (t) => {
  const token = await workspace.token({ jti: 'a' })
  const count = () => workspace.asked.filter((each) => each === token).length
  await ask(token)
  await ask(token)
  t.equal(count(), 1)
  workspace.holder = { ...workspace.holder, active: false }
  clock.now += 60_001
  await refuses(t, token, /you are not active there/, 'not active', 403)
  workspace.holder = { ...workspace.holder, active: true, groups: [] }
  clock.now += 10_001
  await refuses(t, token, /lists a group for you|no groups/, 'in no group', 403)
  workspace.holder = { ...workspace.holder, groups: [{ display: 'data' }] }
})

t.test('a personal access token is whose the workspace says, and goes nowhere else', async (t) => {
  const token = `dapi${'0123456789abcdef'.repeat(2)}`
  await refuses(t, token, /does not accept your token/, 'unknown to the workspace')
  workspace.personal.set(token, workspace.holder)
  t.equal((await ask(token)).status, 401, 'a refusal is remembered for ten seconds')
  clock.now += 10_001
  t.match(await ask(token), { status: 200, environments: ['workspace'] })
  t.equal((await ask(token, read)).status, 200)
  workspace.personal.delete(token)
  clock.now += 60_001
  await refuses(t, token, /does not accept your token/, 'revoked')
  t.notOk(app.logs().includes(token))
  t.notOk(upstream.received.some(({ rawHeaders }) => rawHeaders.join().includes(token)))
})
