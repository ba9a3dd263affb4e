import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { renderCurrentReference } from '../scripts/generate/generate-config-reference.ts'
import { runCommand } from '../src/commands/run-command.ts'
import { configSchema, listKeys, type SchemaNode } from '../src/server/config/config-schema.ts'
import { describeConfig } from '../src/server/config/config-summary.ts'
import { base, folder, load, repository, small, write } from './fixtures/config-file.ts'

t.test('check says in words who is where, with which names and stages', async (t) => {
  const config = load(
    `${base}environments:\n  acc: { administrators: [admins_acc], sourcePrefixes: ["s3://models/acc"] }\n  prod: { groups: [a, b], production: true, promotesFrom: [acc], sharedServingEndpoints: [llama, gpt], servingSecretScopes: [prod-models] }\n`,
  )
  const paragraphs = describeConfig(config).split('\n\n')
  t.match(paragraphs[0], /MLflow at http:\/\/127\.0\.0\.1:5001, without credentials/)
  t.match(paragraphs[0], /MLFLOW_TRACKING_URI=http:\/\/127\.0\.0\.1:5000\/env\/acc/)
  t.equal(
    paragraphs[1],
    `Environment acc
  who          callers with the role or group apps_acc
  admins       callers with the role or group admins_acc
  models       fraud is fraud_acc upstream
  experiments  churn is /experiments/acc/churn upstream
  stages       may use None, Staging and Archived, never Production
  new version  goes to Staging
  promotes     from no other environment, and reads none
  sources      its own artifacts, and s3://models/acc/`,
  )
  t.equal(
    paragraphs[2],
    `Environment prod (production)
  who          callers with the role or group a or b
  models       fraud is fraud_prod upstream
  experiments  churn is /experiments/prod/churn upstream
  stages       may use None, Staging, Production and Archived
  new version  goes to Production
  promotes     reads acc (versions, and the runs, logged models and artifacts behind them), and promotes their versions
  sources      its own artifacts only
  may query    its own serving endpoints, and llama, gpt
  secrets      served models may be given those of prod-models`,
  )
})

t.test('check warns of what may not be meant, and only of that', async (t) => {
  const warnings = (content: string) => describeConfig(load(content)).split('Worth a second look\n')[1] ?? ''
  const always = small.replace('5001 }', '5001, credentials: { mode: passthrough } }')
  write('paging-key', 'k'.repeat(40))
  t.equal(warnings(`${always}paging: { keyFile: paging-key }`), '')
  const cases: readonly (readonly [string, RegExp])[] = [
    [small, /No credentials are configured for the upstream/],
    [always, /replicas do not share it/],
    [`${always}listen: { host: 0.0.0.0 }`, /listen\.host 0\.0\.0\.0 is reachable/],
    [`${always}admin: { host: "::" }`, /admin\.host :: is reachable/],
    [always.replace('http://127.0.0.1:5001', 'http://mlflow:5001'), /plain http to another machine/],
    [always.replace('audiences', 'authority: https://issuer.example.com, audiences'), /is not Microsoft's/],
    [`${always}unknownFields: forward`, /are forwarded/],
    [
      always.replace('[acc, preprod]', '{ acc: { groups: [x] }, b: { groups: [x], production: true } }'),
      /The group x is in acc and b, including production/,
    ],
    [always.replace('[acc, preprod]', '{ acc: { groups: [x] }, b: { administrators: [x] } }'), /The group x is in acc and b:/],
    [always.replace('preprod', 'prod'), /prod is not a production environment/],
    [always.replace('[acc, preprod]', '{ acc: { modelSuffix: _X }, b: { modelSuffix: _x } }'), /b and acc differ only by case/],
    [always.replace('[acc, preprod]', '{ acc: { sourcePrefixes: ["s3://models"] } }'), /sourcePrefixes of acc/],
  ]
  for (const [content, wanted] of cases) t.match(warnings(content), wanted)
})

async function run(...args: string[]) {
  const output = { out: '', err: '' }
  const code = await runCommand(
    args,
    { SECRETS_DIR: join(folder, 'example') },
    {
      out: (text) => {
        output.out += text
      },
      err: (text) => {
        output.err += text
      },
    },
  )
  return { code, ...output }
}

const exampleNames = readdirSync(join(repository, 'examples')).filter((name) => !name.startsWith('policy'))

t.test('the examples pass check', async (t) => {
  mkdirSync(join(folder, 'example'), { recursive: true })
  for (const name of ['mlflow-token', 'collector-token']) write(`example/${name}`, 'token')
  for (const name of ['paging-key', 'cookie-key']) write(`example/${name}`, '0f'.repeat(32))
  for (const name of ['login', 'databricks', 'graph', 'acc']) write(`example/${name}-secret`, 'secret')
  for (const name of ['redis', 'sentinel']) write(`example/${name}-password`, 'secret')
  for (const [name, fixture] of Object.entries({ 'tls.crt': 'server.pem', 'tls.key': 'server.key' }))
    write(`example/${name}`, readFileSync(join(repository, 'test/fixtures/certificates', fixture), 'utf8'))
  for (const name of exampleNames) {
    const { code, out, err } = await run('check', '--config', join(repository, 'examples', name))
    t.same([code, err], [0, ''], name)
    t.match(out, /Environment acc/)
  }
})

/** Every key of the schema, also of what lists hold. */
function keysOf(schema: SchemaNode, before: readonly string[] = []): string[] {
  const inner = ({ path, node }: ReturnType<typeof listKeys>[number]) => [
    path.join('.'),
    ...(node.items === undefined ? [] : keysOf(node.items, path)),
  ]
  return listKeys(schema, before).flatMap(inner)
}

function pathsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, path))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    [path === '' ? key : `${path}.${key}`, `${path}.<name>`].flatMap((at) => [at, ...pathsOf(inner, at)]),
  )
}

t.test('every key of the configuration is in one of the examples', async (t) => {
  const all = keysOf(configSchema)
  // Where keys depend on a mode or kind, the mode alone.
  const modes = new Set(all.filter((key) => /\.(mode|kind)$/.test(key) && !/^(upstream|authentication)\.\w+$/.test(key)))
  const isModal = (key: string) => [...modes].some((mode) => key !== mode && key.startsWith(mode.replace(/\w+$/, '')))
  const keys = all.filter((key) => !isModal(key))
  const shown = new Set(exampleNames.flatMap((name) => pathsOf(parse(readFileSync(join(repository, 'examples', name), 'utf8')))))
  t.ok(keys.length > 100, `${keys.length} keys`)
  t.same(
    keys.filter((key) => !shown.has(key)),
    [],
  )
})

t.test('the command line says what it wants', async (t) => {
  const wrong = write('wrong.yaml', `${small}lissten: {}\n`)
  t.same(await run('check', '-c', wrong), {
    code: 1,
    out: '',
    err: `${wrong}:5:1 lissten: \`lissten\` is not a known key; did you mean \`listen\`?\n1 problem in the configuration\n`,
  })
  t.match(await run('serve', '-c', wrong), { code: 1, err: /:5:1 lissten/ })
  t.match(await run('check', '-c', join(folder, 'absent.yaml')), { code: 1, err: /absent\.yaml: the file .* does not exist/ })
  t.match(await run('--help'), { code: 0, out: /Usage: mlflow-env-proxy/ })
  const file = ['-c', wrong]
  const needs = { serve: file, check: file, doctor: file, explain: [...file, '--groups', 'a', 'GET', '/'], routes: [], demo: [] }
  for (const [command, needed] of Object.entries(needs)) {
    t.match(await run(command, '--help'), { code: 0, err: '', out: new RegExp(`^Usage: mlflow-env-proxy ${command} `) })
    t.match(await run(command, ...needed, '--nonsense'), { code: 2, out: '', err: /^mlflow-env-proxy: .*--nonsense/ }, command)
  }
  t.match(await run('--version'), { code: 0, out: /^\d+\.\d+\.\d+\n$/ })
  for (const args of [
    ['check', '--config', ''],
    [],
    ['check'],
    ['chek', '-c', 'x'],
    ['check', 'x', '-c', 'x'],
    ['check', '--confg', 'x'],
  ]) {
    t.match(await run(...args), { code: 2, out: '', err: /^mlflow-env-proxy: / }, args.join(' '))
  }
})

t.test('the program ends with the exit code of its command', async (t) => {
  const program = (...args: string[]) =>
    spawnSync(process.execPath, [join(repository, 'src/cli.ts'), ...args], { encoding: 'utf8' })
  t.match(program('check', '--config', write('right.yaml', small)), { status: 0, stdout: /Environment preprod/ })
  t.match(program('check', '--config', write('wrong.yaml', 'x: 1')), { status: 1, stderr: /wrong\.yaml:1:1 x: / })
})

t.test('docs/configuration.md is what the schema says', async (t) => {
  t.equal(
    readFileSync(join(repository, 'docs/configuration.md'), 'utf8'),
    renderCurrentReference(),
    'run scripts/generate/generate-config-reference.ts',
  )
})

t.test('the schemas are valid schemas: the program does not check them again', (t) => {
  for (const name of ['config', 'policy-tests']) {
    const schema = JSON.parse(readFileSync(join(repository, 'schema', `${name}.schema.json`), 'utf8'))
    t.equal(new Ajv({ strict: false }).validateSchema(schema), true, name)
  }
  t.end()
})
