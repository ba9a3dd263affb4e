import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse, stringify } from 'yaml'
import { findOauth2Proxy } from '../../scripts/setup/oauth2-proxy.mjs'
import { type EntraLogin, person, startEntraLogin } from '../fakes/entra-login.ts'
import { reply, startFakeUpstream } from '../fakes/fake-upstream.ts'
import { audience, tenantId } from '../fakes/issuer.ts'
import { startInProcess } from '../harness/app.ts'
import { BrowserClient } from '../harness/browser-client.ts'
import { freePort, startProgram, waitUntilAnswers } from '../harness/program.ts'

const command = findOauth2Proxy()
const options = command === null ? { skip: 'no oauth2-proxy: OAUTH2_PROXY=build builds it, which takes minutes' } : {}

/** The recipe of docs/login.md. */
function recipe(): object {
  const page = readFileSync(new URL('../../docs/login.md', import.meta.url), 'utf8')
  return parse(/```yaml\n# oauth2-proxy [\s\S]*?```/.exec(page)?.[0].replace(/```(yaml)?/g, '') ?? '')
}

/** oauth2-proxy before a proxy without a login of its own. */
async function start(t: Test, headers: object, flags: readonly string[] = []) {
  const port = await freePort()
  const address = `http://127.0.0.1:${port}`
  const who = person('Anna Ek', 'apps_acc')
  const entra = await startEntraLogin({ publicUrl: address, callback: `${address}/oauth2/callback`, people: [who] })
  entra.who = who
  const upstream = await startFakeUpstream()
  upstream.answer = reply(200, '<!doctype html><html><body>MLflow</body></html>', { 'content-type': 'text/html' })
  const app = await startInProcess({
    upstream: { url: upstream.url, credentials: { mode: 'none' } },
    authentication: { entra: { tenantId, audiences: [audience], authority: entra.authority } },
    environments: { acc: {}, prod: {} },
  })
  const config = join(t.testdir({}), 'alpha.yaml')
  writeFileSync(config, stringify({ ...headers, ...settings(entra, port, app.url) }))
  const fixed = ['--cookie-secret', '0123456789abcdef0123456789abcdef', '--email-domain', '*', '--cookie-secure=false']
  const args = ['--alpha-config', config, ...fixed, '--redirect-url', `${address}/oauth2/callback`, ...flags]
  const program = startProgram(command ?? '', args, { env: { PATH: process.env.PATH } })
  t.teardown(async () => {
    await program.close()
    await app.close()
    await Promise.all([entra.close(), upstream.close()])
  })
  await waitUntilAnswers(`${address}/ping`, program, 'oauth2-proxy', 60)
  return { address, app, browser: new BrowserClient({}) }
}

function settings({ authority, clientId, clientSecret }: EntraLogin, port: number, uri: string): object {
  const oidcConfig = {
    issuerURL: `${authority}/${tenantId}/v2.0`,
    audienceClaims: ['aud'],
    emailClaim: 'preferred_username',
    insecureAllowUnverifiedEmail: true,
  }
  // The access token is for the proxy: the issuer's page about its person does not take it.
  const fromToken = { skipClaimsFromProfileURL: true }
  const client = { clientID: clientId, clientSecret, scope: `openid profile ${audience}/.default` }
  return {
    upstreamConfig: { upstreams: [{ id: 'mlflow', path: '/', uri }] },
    server: { bindAddress: `127.0.0.1:${port}` },
    providers: [{ id: 'entra', provider: 'oidc', ...client, code_challenge_method: 'S256', ...fromToken, oidcConfig }],
  }
}

t.test('people log in at oauth2-proxy, and are who their access token says', options, async (t) => {
  const { address, app, browser } = await start(t, recipe())
  const page = await browser.open(`${address}/oauth2/start?rd=%2F`)
  t.match(page, { status: 200, text: /MLflow/ })
  t.match(JSON.parse((await browser.send(`${address}/-/whoami`)).text), { environment: 'acc' })
  const forged = {
    authorization: 'Bearer forged',
    'x-forwarded-user': 'somebody',
    'x-forwarded-groups': 'apps_prod',
    'x-forwarded-access-token': 'forged',
  }
  t.match(JSON.parse((await browser.send(`${address}/-/whoami`, forged)).text), { environment: 'acc' }, 'forged headers')
  const stranger = await new BrowserClient({}).send(`${address}/-/whoami`)
  t.not(stranger.status, 200, 'nobody without a login')
  t.notMatch(app.logs(), /eyJ/)
})

t.test('the ID token that oauth2-proxy can send instead is refused', options, async (t) => {
  const wrong = {
    injectRequestHeaders: [{ name: 'Authorization', values: [{ claimSource: { claim: 'id_token', prefix: 'Bearer ' } }] }],
  }
  const { address, browser } = await start(t, wrong)
  await browser.open(`${address}/oauth2/start?rd=%2F`)
  const { status, text } = await browser.send(`${address}/-/whoami`)
  t.equal(status, 401)
  // The stand-in's ID tokens have no version; what else is wrong with one is in test/security/tokens.
  t.match(JSON.parse(text), { error_code: 'CUSTOMER_UNAUTHORIZED', message: /The access token has an unknown version/ })
})
