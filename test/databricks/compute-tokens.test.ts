import t from 'tap'
import { reply, startFakeUpstream } from '../fakes/fake-upstream.ts'
import { startApp } from '../harness/app.ts'

// What notebooks and jobs on Databricks can hold, and what each of them is told.
const upstream = await startFakeUpstream()
upstream.answer = reply(200, { experiments: [] })
const app = await startApp({ upstream: upstream.url })
t.teardown(async () => {
  await app.close()
  await upstream.close()
})

async function ask(token: string): Promise<{ status: number; text: string }> {
  const url = `${app.url}/api/2.0/mlflow/experiments/search?max_results=1`
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  return { status: response.status, text: await response.text() }
}

t.test('tokens of Databricks’ own are refused with what to send instead', async (t) => {
  const host = 'adb-1234.5.azuredatabricks.net'
  const cases: readonly (readonly [what: string, token: string, said: RegExp])[] = [
    ['a personal access token', `dapi${'0123456789abcdef'.repeat(2)}`, /personal access token of Databricks/],
    ['one of Azure', `dapi${'0123456789abcdef'.repeat(2)}-3`, /personal access token of Databricks/],
    ['a workspace’s OAuth token', await app.issuer.token({ iss: `https://${host}/oidc` }), /OAuth token that Databricks issued/],
    [
      'an account’s OAuth token',
      await app.issuer.token({ iss: 'https://accounts.cloud.databricks.com/oidc/accounts/11111111-2222-3333-4444-555555555555' }),
      /OAuth token that Databricks issued/,
    ],
  ]
  for (const [what, token, said] of cases) {
    const { status, text } = await ask(token)
    t.equal(status, 401, what)
    t.match(text, said, what)
    t.match(text, /service credential.*secret scope/, `${what}: what to use instead`)
    t.notMatch(text, token, 'the token is not repeated')
  }
  const forDatabricks = await ask(await app.issuer.token({ aud: '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d' }))
  t.match(forDatabricks, { status: 401, text: /for Azure Databricks.*for the application of this proxy/ })
  t.equal(upstream.received.length, 0, 'MLflow receives none of them')
})

t.test('Entra tokens of service credentials and of client secrets are accepted', async (t) => {
  const { audience } = app.issuer
  t.equal((await ask(app.token)).status, 200)
  t.equal((await ask(await app.issuer.token({ aud: audience, idtyp: 'app', roles: ['apps_acc'] }))).status, 200)
})
