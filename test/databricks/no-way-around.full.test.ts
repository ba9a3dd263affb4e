import t from 'tap'
import { startHop } from '../fakes/hop.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { askWorkspace, joinWorkspace } from '../fakes/workspace/member.ts'
import { startPassthrough } from '../fakes/workspace/passthrough.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import type { ClientRun } from '../scenarios/client-program.ts'
import { clientVersions } from '../scenarios/client-versions.ts'
import { runPythonClient } from '../scenarios/python-client.ts'

// Clients with good credentials of the workspace at hand, as on a developer's machine. They are told the proxy's address, and the
// workspace's own by the environment or by ~/.databrickscfg, where a listener writes down whatever comes.
t.setTimeout(15 * 60_000)
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
const { workspace, app, tokenOf, close } = await startPassthrough(
  { mlflow, issuer, storage: 'blob' },
  { environments: { acc: {}, preprod: {}, prod: { production: true, promotesFrom: ['acc'] } } },
)
const listener = await startHop(workspace.url)
t.teardown(async () => {
  await listener.close()
  await close()
  await Promise.all([mlflow.close(), issuer.close()])
})
const tokens = { acc: await tokenOf('acc', 1) }
const around = await joinWorkspace(workspace, issuer, {
  objectId: '00000000-0000-4000-8000-00000000000a',
  name: 'around',
  groups: ['admins'],
})

type Way = 'environment' | 'file'

/** Each version once, now by the one way, now by the other. */
const journeys = clientVersions.map((version, index): readonly [string, Way] => [
  version,
  index % 2 === 0 ? 'environment' : 'file',
])

function runScenarios(version: string, way: Way): Promise<ClientRun> {
  const { token } = around
  const known = {
    environment: { env: { DATABRICKS_HOST: listener.url, DATABRICKS_TOKEN: token } },
    file: { homeFiles: { '.databrickscfg': `[DEFAULT]\nhost = ${listener.url}\ntoken = ${token}\n` } },
  }
  const tag = `c${version.replaceAll('.', '')}${way}`
  const context = { serverVersion: mlflow.version, upstream: mlflow.url, tokens, environments: ['acc'], workspace: true, tag }
  return runPythonClient({ version, script: 'stories.py', args: ['fluent'], uri: app.url, context, ...known[way] })
}

/** In pairs: there may be two processors. */
async function inTurn(waiting: (readonly [string, Way])[], runs: Map<string, ClientRun>): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) runs.set(next.join(), await runScenarios(...next))
}

t.test('Clients that could go to the workspace log, register and load through the proxy alone', async (t) => {
  t.setTimeout(10 * 60_000)
  const runs = new Map<string, ClientRun>()
  const waiting = journeys.toReversed()
  await Promise.all([inTurn(waiting, runs), inTurn(waiting, runs)])
  for (const [name, { assertions, completed, output }] of runs) {
    const failed = assertions.filter(({ state }) => state === 'failed')
    t.same(failed, [], name)
    t.ok(completed && assertions.length > 30, `${name}: to the end`, completed ? {} : { output: output.slice(-2000) })
  }
  t.equal(runs.size, journeys.length)
  t.same(
    listener.take().map(({ method, target }) => `${method} ${target}`),
    [],
    'nothing was sent around the proxy',
  )
  const callers = new Set(workspace.calls().map(({ caller }) => caller?.name))
  t.same([...callers], ['acc'], 'nobody else came to the workspace')
  t.ok(workspace.calls().some(({ path }) => path.endsWith('/artifacts/credentials-for-write')))
})

t.test('the listener would have received it, and allowed it', async (t) => {
  const given = await askWorkspace(listener.url, 'GET', '/api/2.0/preview/scim/v2/Me', {}, around.token)
  t.equal(given.status, 200)
  t.same(
    listener.take().map(({ target }) => target),
    ['/api/2.0/preview/scim/v2/Me'],
  )
})
