import t from 'tap'
import { startIssuer, tenantId } from '../fakes/issuer.ts'
import { askWorkspace } from '../fakes/workspace/member.ts'
import { startWorkspace } from '../fakes/workspace/start-workspace.ts'
import { startInProcess } from '../harness/app.ts'
import { startMlflow } from '../harness/mlflow-server.ts'

// A workspace whose members call with what notebooks and jobs hold: its OAuth tokens, and personal access tokens. Both are passed on to it.
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
const workspace = await startWorkspace({ mlflow, issuer, storage: 'blob' })
const oid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`
const [ada, job] = ['ada@example.com', '66666666-7777-8888-9999-000000000000']
workspace.add({ objectId: oid(1), name: ada, kind: 'user', groups: ['apps_acc', 'admins'] })
workspace.add({ objectId: oid(2), name: job, groups: ['apps_prod', 'admins'] })
const personal = `dapi${'0123456789abcdef'.repeat(2)}`
workspace.personal.set(personal, oid(1))
const clock = { now: 1 }
const app = await startInProcess(
  {
    upstream: { url: workspace.url, kind: 'databricks', credentials: { mode: 'passthrough' } },
    authentication: {
      entra: { tenantId, audiences: [issuer.audience], authority: issuer.authority },
      databricksTokens: true,
      issuers: [{ kind: 'databricks', workspace: workspace.url }],
    },
    environments: ['acc', 'prod'],
  },
  { callersClock: () => clock.now },
)
t.teardown(async () => {
  await app.close()
  await workspace.close()
  await Promise.all([mlflow.close(), issuer.close()])
})

const gone = { oid: undefined, tid: undefined, ver: undefined, roles: undefined, idtyp: undefined, azp: undefined }
const oauth = (sub: string) =>
  issuer.token({ ...gone, iss: `${workspace.url}/oidc`, aud: workspace.id, sub, client_id: 'databricks-cli' })
const search = { max_results: 5 }

t.test('members of the workspace are in the environment of their groups there, and work with their own rights', async (t) => {
  const tokens = { acc: [personal, await oauth(ada)], prod: [await oauth(job)] }
  for (const [environment, those] of Object.entries(tokens)) {
    for (const token of those) {
      const who = await fetch(`${app.url}/-/whoami`, { headers: { authorization: `Bearer ${token}` } })
      t.match(JSON.parse(await who.text()), { environments: [environment] })
      const { status } = await askWorkspace(app.url, 'POST', '/api/2.0/mlflow/experiments/search', search, token)
      t.equal(status, 200, environment)
    }
  }
  const callers = workspace.calls().filter(({ path }) => path.endsWith('/experiments/search'))
  t.same(
    callers.map(({ caller }) => caller?.name),
    [ada, ada, job],
  )
})

t.test('what the workspace does not know, or no longer, is refused before it is passed on', async (t) => {
  const refused = async (token: string, message: RegExp) => {
    const before = workspace.calls().filter(({ path }) => path.includes('/mlflow/')).length
    const answer = await askWorkspace(app.url, 'POST', '/api/2.0/mlflow/experiments/search', search, token)
    t.match(answer, { status: 401, fields: { message } })
    t.equal(workspace.calls().filter(({ path }) => path.includes('/mlflow/')).length, before)
    t.notOk(app.logs().includes(token))
  }
  await refused(`dapi${'f'.repeat(32)}`, /does not accept your token/)
  await refused(await oauth('nobody@example.com'), /does not accept your token/)
  await refused(
    await issuer.token({ ...gone, iss: 'https://adb-2.azuredatabricks.net/oidc', sub: ada }),
    /which is not accepted here/,
  )
  workspace.personal.delete(personal)
  clock.now += 60_001
  await refused(personal, /does not accept your token/)
})
