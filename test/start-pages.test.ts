import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { runHelm } from './harness/helm-tools.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const commandsOf = (page: string) =>
  [...readFileSync(join(root, 'docs', `${page}.md`), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text)

/** A folder that has of the checkout what the pages name, and programs before those of the machine. */
function checkout(t: Test) {
  const folder = t.testdir({ bin: {} })
  for (const name of ['helm', 'examples', 'dist', 'schema', 'package.json']) symlinkSync(join(root, name), join(folder, name))
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  // The run has installed and built everything already.
  program('npm', '[ "$*" = ci ] || [ "$*" = "run build" ]')
  program('helm', `exec node ${join(root, 'test', 'harness', 'helm-template.ts')} "$@"`)
  program('node', `exec ${process.execPath} "$@"`)
  program('npx', `shift; exec ${process.execPath} "$@"`)
  return folder
}

/** Runs a page's commands as they stand, in one shell. */
function follow(t: Test, page: string): { readonly folder: string; readonly output: string } {
  const folder = checkout(t)
  const env = { PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`, HOME: process.env.HOME }
  const text = commandsOf(page).join('\n')
  const { status, stdout, stderr } = spawnSync('sh', ['-euc', text], { cwd: folder, env, encoding: 'utf8' })
  t.equal(status, 0, page, { output: `${stdout}${stderr}`.slice(-2_000) })
  return { folder, output: stdout }
}

t.test('the page for AKS ends with manifests and an explained configuration', async (t) => {
  const { folder, output } = follow(t, 'start-aks')
  const objects = readFileSync(join(folder, 'manifests.yaml'), 'utf8').split('\n---\n')
  // Kubernetes' own schemas have no kinds of the Prometheus operator.
  const manifests = objects.filter((text) => !text.includes('monitoring.coreos.com')).join('\n---\n')
  const [answer] = await runHelm([{ do: 'validate', kubernetes: '1.33', manifests }])
  t.match(answer, { ok: true })
  for (const kind of ['Deployment', 'Ingress', 'NetworkPolicy']) t.match(manifests, new RegExp(`^kind: ${kind}$`, 'm'))
  t.match(output, /acc[\s\S]*prod/)
})

t.test('the page for Databricks ends with a job and an explained configuration', async (t) => {
  const { folder, output } = follow(t, 'start-databricks')
  const [answer] = await runHelm([
    { do: 'validate', kubernetes: '1.33', manifests: readFileSync(join(folder, 'job.yaml'), 'utf8') },
  ])
  t.match(answer, { ok: true, value: ['ServiceAccount', 'ConfigMap', 'Job', 'NetworkPolicy'] })
  t.match(output, /A Databricks workspace/)
})

t.test('the page for the local trial has the one command that the demo’s test runs', async (t) => {
  t.same(commandsOf('start-local'), ['npm run demo -- --keep\n'])
  t.match(readFileSync(join(root, 'test', 'demo.test.ts'), 'utf8'), /\['scripts\/run\/run\.mjs', 'demo', '--keep'\]/)
})
