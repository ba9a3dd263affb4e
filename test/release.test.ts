import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { findOtherVersions } from '../scripts/release/check-versions.ts'
import { freePort } from './harness/program.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version, dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
// Outside the checkout, whose packages would be found.
const folder = mkdtempSync(join(tmpdir(), 'released-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** Runs a program to its end; its output, or what went wrong. */
function run(command: string, args: readonly string[], cwd = folder): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

t.test('every place says the same version', async (t) => {
  t.strictSame(findOtherVersions(root), [])
  const other = t.testdir({ helm: { 'mlflow-env-proxy': {} }, clients: { python: {} } })
  const [chart, client] = ['helm/mlflow-env-proxy/Chart.yaml', 'clients/python/pyproject.toml']
  for (const path of ['package.json', 'package-lock.json', 'CHANGELOG.md', chart, client])
    writeFileSync(join(other, path), readFileSync(join(root, path), 'utf8').replaceAll(version, '9.9.9'))
  t.strictSame(findOtherVersions(other), [])
  for (const path of ['package-lock.json', chart, client, 'CHANGELOG.md']) cpSync(join(root, path), join(other, path))
  t.match(findOtherVersions(other), [
    `package-lock.json says ${version}, and package.json 9.9.9`,
    /^version in .*Chart\.yaml says/,
    /^appVersion in .*Chart\.yaml says/,
    /pyproject\.toml says/,
    'CHANGELOG.md has no heading "## [9.9.9] - YYYY-MM-DD"',
  ])
})

run(process.execPath, [join(root, 'scripts/release/release.ts'), '--dry-run', '--out', join(folder, 'out')], root)
const archive = (kind: string, suffix = '') => join(folder, 'out', kind, `mlflow-env-proxy-${version}${suffix}`)
const listOf = (file: string) => run('tar', ['-tzf', file]).split('\n')

function checkHolds(t: Test, archived: readonly string[], folder: string, files: readonly string[]): void {
  for (const file of files) t.ok(archived.includes(`${folder}${file}`), file)
}

t.test('a release has chart, image context and a bill of materials of one version, and their sums', async (t) => {
  const chart = listOf(archive('chart', '.tgz'))
  checkHolds(t, chart, 'mlflow-env-proxy/', [
    'Chart.yaml',
    'values.schema.json',
    'files/alerts.yaml',
    'ci/cluster-values.yaml',
    'templates/tests/answers.yaml',
  ])
  const context = listOf(archive('image', '-image.tar.gz'))
  checkHolds(t, context, '', ['Dockerfile', 'package-lock.json', 'src/cli.ts', 'schema/config.schema.json'])
  t.notMatch(context, /node_modules|test\//)
  const bill = JSON.parse(readFileSync(join(folder, 'out', `mlflow-env-proxy-${version}.cdx.json`), 'utf8'))
  t.match(bill, { bomFormat: 'CycloneDX', metadata: { component: { type: 'application', version } } })
  const parts = new Set(
    bill.components.map(({ group, name }: { group?: string; name: string }) => (group ? `${group}/${name}` : name)),
  )
  t.strictSame(
    Object.keys(dependencies).filter((name) => !parts.has(name)),
    [],
  )
  t.notOk(parts.has('esbuild'), 'what only builds it is not in it')
  t.match(run('sha256sum', ['--check', 'SHA256SUMS'], join(folder, 'out')), /image\.tar\.gz: OK/)
})

t.test('the package works where nothing else is installed: it checks a configuration and serves', async (t) => {
  const files = listOf(archive('npm', '.tgz'))
  checkHolds(t, files, 'package/', [
    'dist/cli.js',
    'dist/THIRD-PARTY-LICENSES.txt',
    'LICENSE',
    'schema/config.schema.json',
    'docs/configuration.md',
  ])
  t.notMatch(files, /package\/(src|test|node_modules|dist\/\.)/)
  writeFileSync(join(folder, 'package.json'), '{}')
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', archive('npm', '.tgz')])
  const installed = JSON.parse(readFileSync(join(folder, 'node_modules/mlflow-env-proxy/package.json'), 'utf8'))
  t.match(installed, { version, dependencies: undefined, scripts: undefined, private: undefined, license: 'Apache-2.0' })
  t.ok(Object.keys(devDependencies).length > 0 && installed.devDependencies === undefined)
  const program = join(folder, 'node_modules/.bin/mlflow-env-proxy')
  t.equal(run(program, ['--version']).trim(), version)
  const [port, adminPort] = [await freePort(), await freePort()]
  const example = readFileSync(join(folder, 'node_modules/mlflow-env-proxy/examples/minimal.yaml'), 'utf8')
  writeFileSync(join(folder, 'config.yaml'), `${example}listen: { port: ${port} }\nadmin: { port: ${adminPort} }\n`)
  t.match(run(program, ['check', '--config', 'config.yaml']), /acc/)
  const child = spawn(program, ['serve', '--config', 'config.yaml'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  let log = ''
  for await (const text of child.stdout.setEncoding('utf8')) {
    log += text
    if (log.includes('"listening"')) break
  }
  t.equal((await fetch(`http://127.0.0.1:${adminPort}/livez`)).status, 200)
  t.equal((await fetch(`http://127.0.0.1:${port}/-/whoami`)).status, 401)
  child.kill('SIGKILL')
  await ended
})
