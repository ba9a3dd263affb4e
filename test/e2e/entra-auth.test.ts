import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { newestMlflow, pythonOf } from '../../scripts/setup/python-environments.mjs'
import { audience, startIssuer } from '../fakes/issuer.ts'
import { machineSecret, serveTokens } from '../fakes/token-endpoints.ts'
import { isFullRun } from '../harness/full-run.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { startProxy } from '../harness/proxy.ts'
import { report } from '../scenarios/client-scenarios.ts'
import { runPythonClient } from '../scenarios/python-client.ts'

t.setTimeout(5 * 60_000)
/** Seconds. */
const [lifetime, seconds] = [4, 10]
const source = fileURLToPath(new URL('../../clients/python', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'entra-auth-'))
const [issuer, mlflow] = await Promise.all([startIssuer(), startMlflow({ version: newestMlflow })])
const endpoints = serveTokens(issuer, [{ clientId: 'machine', roles: ['apps_acc'] }])
endpoints.lifetime = lifetime
const proxy = await startProxy({ upstream: mlflow.url, issuer })
t.teardown(async () => {
  await Promise.all([proxy.close(), mlflow.close(), issuer.close()])
  rmSync(folder, { recursive: true, force: true })
})

function python(version: string, ...args: string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(pythonOf(version), args, { encoding: 'utf8', cwd: folder })
  return { status, output: `${stdout}${stderr}` }
}

/** Installs the package as a user does, and gives the folders of it and of what it needs. */
function install(): string {
  // A build leaves files beside the sources.
  cpSync(source, join(folder, 'source'), { recursive: true })
  const options = ['--quiet', '--no-index', '--no-deps', '--no-build-isolation', '--disable-pip-version-check']
  const { status, output } = python('entra', '-m', 'pip', 'install', ...options, '--target', join(folder, 'packages'), './source')
  if (status !== 0) throw new Error(output)
  const { output: site } = python('entra', '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))')
  return [join(folder, 'packages'), site.trim()].join(delimiter)
}

const packages = install()

async function train(t: Test, version: string): Promise<void> {
  const before = endpoints.asked.length
  const env = {
    MLFLOW_TRACKING_AUTH: 'entra',
    MLFLOW_ENTRA_SCOPE: `${audience}/.default`,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
    IDENTITY_ENDPOINT: `${issuer.authority}/msi/token`,
    IDENTITY_HEADER: machineSecret,
    AUTH_PACKAGES: packages,
  }
  const context = { experiment: `entra-${version}`, serverVersion: newestMlflow, upstream: mlflow.url, seconds }
  const client = { version, script: 'entra_auth.py', uri: proxy.url, context, env, token: 'stale', timeoutSeconds: 120 }
  report(t, await runPythonClient(client))
  const asked = endpoints.asked.length - before
  t.ok(asked > seconds / lifetime && asked < 20, `${asked} tokens, and not one for each request`)
}

for (const version of isFullRun ? ['2.22.4', newestMlflow] : [newestMlflow]) {
  t.test(`the client of MLflow ${version} renews its tokens`, (t) => train(t, version))
}

t.test('the package’s own tests', async (t) => {
  const run = `import site, sys, unittest; [site.addsitedir(each) for each in ${JSON.stringify(packages.split(delimiter))}]; unittest.main(module=None, argv=['unittest', 'discover', 'source/tests'])`
  const { status, output } = python(newestMlflow, '-c', run)
  t.equal(status, 0, output.slice(-2_000))
  t.match(output, /^Ran [1-9]/m)
})
