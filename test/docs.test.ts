import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { renderCurrentReference } from '../scripts/generate/generate-config-reference.ts'
import { endpointPages, renderEndpoints } from '../scripts/generate/generate-endpoint-docs.ts'
import { describeRoutes } from '../src/commands/routes.ts'
import { runCommand } from '../src/commands/run-command.ts'
import { closedEndpoints, endpointTable, openEndpoints } from '../src/policy/endpoints/endpoint-table.ts'
import { describedVersions } from '../src/policy/generated/messages.ts'
import { canonicalPath } from '../src/policy/locations/store-path.ts'
import { parseJson } from '../src/policy/messages/json/json-text.ts'
import { reasons } from '../src/policy/reasons.ts'
import { loadConfig } from '../src/server/config/config.ts'
import { limits } from '../src/server/http/framing.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const read = (name: string) => readFileSync(join(root, name), 'utf8')

t.test('generated pages are what their generators would write', async (t) => {
  for (const kind of ['mlflow', 'databricks'] as const) {
    const page = endpointPages[kind]
    t.ok(read(page) === renderEndpoints(kind), `${page}; if not: npm run generate -- endpoint-docs`)
  }
  t.ok(
    read('docs/configuration.md') === renderCurrentReference(),
    'docs/configuration.md; if not: npm run generate -- config-reference',
  )
})

t.test('the table of refusals has every reason with its status and code', async (t) => {
  const rows = [...read('docs/how-it-decides.md').matchAll(/^\| `([a-z-]+)` \| (\d+) \| `([A-Z_]+)` \| (.+) \|$/gm)]
  const said = Object.fromEntries(
    rows.map(([, reason = '', status, errorCode]) => [reason, { status: Number(status), errorCode }]),
  )
  const expected = Object.fromEntries(
    Object.entries(reasons).map(([reason, { status, errorCode }]) => [reason, { status, errorCode }]),
  )
  t.same(said, expected)
})

t.test('the limits that are written down are those that are kept', async (t) => {
  const page = read('docs/how-it-decides.md')
  const kib = (bytes: number) => (bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`)
  t.match(page, `| headers of a request | ${kib(limits.headerBytes)}, ${limits.headerCount} lines |`)
  t.match(page, `| address of a request | ${kib(limits.urlBytes)} |`)
  t.match(page, `| JSON body | ${kib(limits.jsonBytes)}, 64 levels deep, 100000 keys |`)
  t.match(page, `| body of a GET (read as a query) | ${kib(limits.queryBodyBytes)} |`)
  const refused = { name: 'Refusal' }
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  const keys = (count: number) => `{${Array.from({ length: count }, (_, index) => `"${index}":0`).join()}}`
  t.ok(parseJson(nested(64)) && parseJson(keys(100_000)))
  t.throws(() => parseJson(nested(65)), refused)
  t.throws(() => parseJson(keys(100_001)), refused)
  const encoded = (times: number) => `%${'25'.repeat(times - 1)}41`
  t.equal(canonicalPath(encoded(8)), 'A')
  t.throws(() => canonicalPath(encoded(9)), refused)
})

t.test('pages point at files that exist', async (t) => {
  const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
    (name) => name.endsWith('.md'),
  )
  for (const page of pages) {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => join(dirname(page), target))
    const files =
      page.includes('how-it-decides') || page.includes('adding-an-endpoint')
        ? [...read(page).matchAll(/`((?:src|test|scripts)\/[\w./-]+)`/g)].map(([, file = '']) => file)
        : []
    t.same(
      [...links, ...files].filter((file) => !existsSync(join(root, file))),
      [],
      page,
    )
  }
})

t.test('the configuration for Databricks compute is one', async (t) => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(read('docs/databricks-compute.md')) ?? []
  const file = join(t.testdir({ 'proxy.yaml': yaml }), 'proxy.yaml')
  t.match(loadConfig(file, {}), { environments: [{ groups: ['apps_acc', 'dbx:apps_acc'] }, { production: true }] })
})

t.test('each row of the table of failures names tests that exist', async (t) => {
  const rows = read('docs/failures.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| what fails'))
  t.ok(rows.length > 40, `${rows.length} rows`)
  for (const row of rows) {
    const named = [...row.matchAll(/`(test\/[\w./-]+)`(?: “([^”]+)”)?/g)]
    t.ok(named.length > 0, row)
    for (const [, file = '', title = ''] of named)
      t.ok(existsSync(join(root, file)) && read(file).includes(title), `${file}: ${title}`)
  }
})

t.test('pages name commands that there are', async (t) => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'bench/README.md',
    ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
  ]
  const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts
  for (const page of pages.filter((name) => name.endsWith('.md'))) {
    for (const [command, task = '', part = ''] of read(page).matchAll(/npm run ([a-z]+)(?: -- ([a-z][a-z-]*))?/g)) {
      t.ok(task in scripts, `${page}: ${command}`)
      const folder = { bench: 'bench/', generate: 'scripts/generate/generate-' }[task]
      if (folder !== undefined && part !== '') t.ok(existsSync(join(root, `${folder}${part}.ts`)), `${page}: ${command}`)
    }
    t.notMatch(read(page), /node [a-z/]+\/[a-z-]+\.ts/, `${page}: the machine's Node may be too old for TypeScript`)
  }
})

const workspaceConfiguration = `
upstream: { url: 'https://adb-1.2.azuredatabricks.net', kind: databricks, credentials: { mode: passthrough } }
authentication: { entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [2ff814a6-3304-4ab8-85cb-cd0e6f879c1d] } }
environments: { acc: {}, prod: { production: true } }
`
const catalogConfiguration = workspaceConfiguration
  .replace('kind: databricks,', 'kind: databricks, registry: unityCatalog,')
  .replace('acc: {}, prod: {', 'acc: { unityCatalogSchema: acc.ml }, prod: { unityCatalogSchema: prod.ml,')

t.test('`routes` prints the coverage table, of all versions or of one, or of a workspace', async (t) => {
  const run = async (...args: string[]) => {
    const said: string[] = []
    const terminal = { out: (text: string) => void said.push(text), err: (text: string) => void said.push(text) }
    return { code: await runCommand(['routes', ...args], {}, terminal), text: said.join('') }
  }
  const all = await run()
  t.equal(all.code, 0)
  t.equal(all.text, describeRoutes({ kind: 'mlflow', version: null }))
  for (const { method, path } of [...openEndpoints.values(), ...closedEndpoints])
    t.ok(all.text.includes(path), `${method} ${path}`)
  const lines = all.text.split('\n').filter((line) => /^ {2}[A-Z]/.test(line))
  t.equal(lines.length, openEndpoints.size + closedEndpoints.length, 'a line for each')
  for (const version of describedVersions) {
    const one = await run('--upstream-version', version)
    t.equal(one.code, 0)
    t.ok(one.text.startsWith(`MLflow ${version}: `) && one.text.length < all.text.length, version)
  }
  t.ok((await run('--upstream-version', '3.17.2')).text.includes('/logged-models/{model_id}'))
  t.notOk((await run('--upstream-version', '2.9.2')).text.includes('/logged-models/{model_id}'))
  const workspace = await run('--upstream-kind', 'databricks')
  const catalog = await run('--upstream-kind', 'unityCatalog')
  const page = read(endpointPages.databricks)
  for (const [kind, { code, text }] of [
    ['databricks', workspace],
    ['unityCatalog', catalog],
  ] as const) {
    const table = endpointTable(kind)
    t.equal(code, 0)
    for (const { method, path } of [...table.open.values(), ...table.closed]) {
      t.ok(text.includes(path), `${kind}: ${method} ${path}`)
      t.ok(page.includes(`\`${method} ${path}\``), `${method} ${path} is on the page, too`)
    }
  }
  t.match(catalog.text, /^A Databricks workspace with models in Unity Catalog: /)
  t.match(catalog.text, /^ {2}POST .*unity-catalog\/models\/versions .* createNativeVersion$/m)
  t.match(catalog.text, /^ {2}POST .*model-versions\/transition-stage .* +Unity Catalog has no stages/m)
  t.match(page, /`createNativeVersion` \| `POST \/unity-catalog\/models\/versions` .* only with Unity Catalog \|/)
  t.match(page, /`createComment` .* only with the workspace's registry \|/)
  t.match(
    page,
    /^\| `POST \/unity-catalog\/models\/versions` \| .* \| The proxy is configured for the registry of the workspace itself, .* \| open \|/m,
  )
  t.match(page, /^\| `POST \/mlflow\/comments\/create` \| .* \| open \| It belongs to the workspace's own model registry, .* \|/m)
  t.match(workspace.text, /^ {2}GET .*registered-models\/search .* filtered +searchRegisteredModels$/m)
  t.match(workspace.text, /^ {2}POST .*runs\/log-metric .* passed +logMetric$/m)
  t.match(workspace.text, /^ {2}POST .*transition-requests\/approve .* rewritten +approveTransitionRequest$/m)
  t.match(workspace.text, /^ {2}PUT .*mlflow-artifacts\/artifacts\/.* carried out +uploadArtifact$/m)
  t.match(workspace.text, /^ {2}POST .*\/workspace\/mkdirs +Folders of the workspace are shared by all environments/m)
  const file = join(t.testdir({ 'proxy.yaml': workspaceConfiguration }), 'proxy.yaml')
  t.same(await run('--config', file), workspace, 'the kind that a configuration names')
  const other = join(t.testdir({ 'catalog.yaml': catalogConfiguration }), 'catalog.yaml')
  t.same(await run('--config', other), catalog, 'and the registry')
  t.equal((await run('--config', join(root, 'absent.yaml'))).code, 1)
  for (const wrong of [
    ['--upstream-version', '9'],
    ['--nonsense'],
    ['word'],
    ['--upstream-kind', 'other'],
    ['--upstream-kind', 'databricks', '--upstream-version', '3.17.2'],
    ['--upstream-kind', 'unityCatalog', '--upstream-version', '3.18.0'],
    ['--upstream-kind', 'mlflow', '--config', file],
  ]) {
    const { code, text } = await run(...wrong)
    t.equal(code, 2, wrong.join(' '))
    t.match(text, 'Usage: mlflow-env-proxy routes')
  }
})
