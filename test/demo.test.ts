import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { listSurprises } from '../demo/expected.ts'
import type { Findings, View } from '../demo/findings.ts'
import { drawSummary } from '../demo/summary.ts'
import { BrowserClient } from './harness/browser-client.ts'
import { find, listProcesses, startCommand, summaryLines, waitFor } from './harness/demo-program.ts'

t.test('npm run demo -- --keep: the story, an invitation, and nothing left behind', async (t) => {
  t.setTimeout(240_000)
  const folder = mkdtempSync(join(tmpdir(), 'demo-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const { child, output } = startCommand(['scripts/run/run.mjs', 'demo', '--keep'], folder)
  const exited = once(child, 'exit')
  t.teardown(() => child.exitCode ?? (child.pid && process.kill(-child.pid, 'SIGKILL')))
  await waitFor(() => output().includes('A token for prod') || child.exitCode !== null, 200)
  const text = output()
  for (const line of summaryLines) t.match(text, line, `the summary has ${line}`)
  t.notMatch(text, '\u001b', 'there are no colours where nobody can see them')

  const uri = find(text, /^export MLFLOW_TRACKING_URI=(\S+)$/m)
  const token = find(text, /^export MLFLOW_TRACKING_TOKEN=(\S+)$/m)
  const tokenUrl = find(text, /curl -s (\S+)/)
  await t.test('the two variables work in another shell', async (t) => {
    const url = `${uri}/api/2.0/mlflow/registered-models/search`
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    const answer: { registered_models: { name: string }[] } = JSON.parse(await response.text())
    t.same(
      answer.registered_models.map(({ name }) => name),
      ['fraud'],
    )
  })
  await t.test('one of three people logs in with a browser', async (t) => {
    t.match(
      text,
      /log in as one of three people:\n {2}Anna Ek {4}acc\n {2}Bo Lind {4}acc, preprod, prod\n {2}Cleo Berg {2}prod\n/,
    )
    const browser = new BrowserClient({})
    const asked = await browser.open(`${uri}/-/login?to=/-/whoami`)
    const person = find(asked.text, /href="(\?as=[^"]+)"><strong>Cleo Berg/)
    const { text: me } = await browser.open(new URL(person, asked.address).href)
    t.match(JSON.parse(me), { kind: 'user', environment: 'prod' })
  })
  await t.test('the token is like one of Entra ID, and only the secret opens the token endpoint', async (t) => {
    const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString())
    const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
    t.match(JSON.parse(header ?? ''), { alg: 'RS256', typ: 'JWT', kid: /./ })
    const app = { tid: guid, oid: guid, sub: guid, azp: guid, idtyp: 'app', roles: ['apps_acc'] }
    t.match(JSON.parse(claims ?? ''), { ver: '2.0', iss: /\/v2\.0$/, aud: 'api://mlflow-env-proxy', ...app })
    const guess = `${find(text, /-d (grant_type=\S+)/)}&${find(text, /-d (client_id=\S+)/)}&client_secret=guess`
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    t.equal((await fetch(tokenUrl, { method: 'POST', headers, body: guess })).status, 401)
  })

  if (existsSync('/proc/self/environ')) t.ok(listProcesses(folder).length > 3, 'launcher, demo, MLflow and proxy run')
  t.ok(child.pid && process.kill(-child.pid, 'SIGINT'), 'Ctrl-C, which reaches the whole group')
  const [code] = await exited
  t.equal(code, 0, 'the demo was as expected, and ended well')
  for (const url of [uri, tokenUrl]) await t.rejects(fetch(url), `nobody listens on ${url} any more`)
  t.ok(await waitFor(() => listProcesses(folder).length === 0, 5), 'no process is left', { left: listProcesses(folder) })
  t.same(
    readdirSync(folder).filter((name) => name.includes('demo')),
    [],
    'no file is left',
  )
})

t.test('a signal for npm alone ends what npm run demo started', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { child, output } = startCommand(['run', 'demo'], folder, 'npm')
    const exited = once(child, 'exit')
    t.teardown(() => child.exitCode ?? child.signalCode ?? (child.pid && process.kill(-child.pid, 'SIGKILL')))
    t.ok(await waitFor(() => output().includes('train.py as acc'), 60), 'MLflow and the proxy run', { output: output() })
    if (existsSync('/proc/self/environ')) t.ok(listProcesses(folder).length > 3)
    t.ok(child.kill(signal), signal)
    await exited
    t.ok(await waitFor(() => listProcesses(folder).length === 0, 10), 'no process is left', { left: listProcesses(folder) })
    t.same(
      readdirSync(folder).filter((name) => name.includes('demo')),
      [],
      'no file is left',
    )
  }
})

t.test('mlflow-env-proxy demo is the same demo', async (t) => {
  const { child, output } = startCommand(['dist/cli.js', 'demo', '--nonsense'], tmpdir())
  const [code] = await once(child, 'close')
  t.equal(code, 2)
  t.match(output(), /--nonsense.*\n\nUsage: mlflow-env-proxy demo/s)
})

t.test('the demo notices what is not as it promises', async (t) => {
  const view = (experiment: string, name: string, stage: string): View => ({
    experiments: [
      { name: experiment, runs: ['r'], artifacts: ['notes.md'] },
      { name: 'Default', runs: [], artifacts: [] },
    ],
    versions: [{ name, version: '1', stage, run: 'r' }],
  })
  const findings: Findings = {
    seen: {
      acc: view('churn', 'fraud', 'Staging'),
      preprod: view('churn', 'fraud', 'None'),
      prod: view('churn', 'fraud', 'Production'),
    },
    stored: view('churn', 'fraud', 'Staging'),
    attempts: [{ what: "acc reads prod's model", code: null, message: 'It was allowed.' }],
  }
  const surprises = listSurprises(findings).join('\n')
  const seen = 'what each environment sees'
  t.match(surprises, `${seen}: missing: preprod | Default, churn | 1 | notes.md | fraud v1 | Staging`)
  t.match(surprises, `${seen}: unexpected: preprod | Default, churn | 1 | notes.md | fraud v1 | None`)
  t.notMatch(surprises, `${seen}: missing: acc`)
  t.match(surprises, 'what MLflow stores: unexpected: churn | 1 | fraud v1 | Staging')
  t.match(surprises, 'what MLflow stores: missing: /experiments/acc/churn | 1 | fraud_acc v1 | Staging')
  t.match(surprises, "what is refused: unexpected: acc reads prod's model | allowed")
  t.match(surprises, 'what is refused: missing: acc promotes to Production | PERMISSION_DENIED')
  const inWorkspace = listSurprises({ ...findings, files: { notes: 3, models: 2, versions: 3 } }).join('\n')
  t.match(inWorkspace, 'what lies in storage: unexpected: MLmodel | logged models | 2')
  t.match(inWorkspace, 'what is refused: missing: acc goes to the workspace, past the proxy')
  t.notMatch(inWorkspace, /in storage: .*notes/)
  t.match(drawSummary(findings, 80), /! .*acc reads prod's model/, 'and shows it')
})
