import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { find, listProcesses, startCommand, summaryLines, waitFor } from './harness/demo-program.ts'

const workspaceLines = [
  /^mlflow-env-proxy: one Databricks workspace, three environments$/m,
  /^ {2}notes\.md +runs +3$/m,
  /^ {2}MLmodel +logged models +3$/m,
  /^ {2}MLmodel +registered versions .* +3$/m,
  /^ {2}✗ acc goes to the workspace, past the proxy\n {4}Error 400 .*Expected aud claim/m,
]

t.test('npm run demo -- --databricks: the same story before a workspace, with artifacts in Azure storage', async (t) => {
  t.setTimeout(240_000)
  const folder = mkdtempSync(join(tmpdir(), 'demo-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const { child, output } = startCommand(['scripts/run/run.mjs', 'demo', '--databricks', '--keep'], folder)
  const exited = once(child, 'exit')
  t.teardown(() => child.exitCode ?? (child.pid && process.kill(-child.pid, 'SIGKILL')))
  await waitFor(() => output().includes('A token for prod') || child.exitCode !== null, 200)
  const text = output()
  for (const line of [...summaryLines, ...workspaceLines]) t.match(text, line, `the summary has ${line}`)
  t.notMatch(text, /sig=|se=20\d\d/, 'nobody is shown a signed URL')
  const workspace = find(text, /^The workspace: +(\S+)/m)
  const uri = find(text, /^export MLFLOW_TRACKING_URI=(\S+)$/m)
  const headers = { authorization: `Bearer ${find(text, /^export MLFLOW_TRACKING_TOKEN=(\S+)$/m)}` }
  const look = (url: string) => fetch(`${url}/api/2.0/mlflow/registered-models/get?name=fraud`, { headers })
  t.equal((await look(uri)).status, 200, 'the token opens the proxy')
  t.equal((await look(workspace)).status, 400, 'and not the workspace')
  t.ok(child.pid && process.kill(-child.pid, 'SIGINT'), 'Ctrl-C')
  t.same(await exited, [0, null], 'the demo was as expected, and ended well')
  t.ok(await waitFor(() => listProcesses(folder).length === 0, 5), 'no process is left', { left: listProcesses(folder) })
})
