import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { parse } from 'yaml'
import { at, record } from './fixtures/manifests.ts'
import {
  borderLists,
  catalogLists,
  environmentLists,
  readDerived,
  readList,
  readText,
  refusedLists,
  toSnake,
} from './fixtures/terraform-environments.ts'
import {
  listBlocks,
  listExamples,
  listLabelled,
  listLocals,
  listTexts,
  moduleFolders,
  parseHcl,
  readModule,
  terraformFolder,
} from './fixtures/terraform-files.ts'
import { findArgumentProblems, findAttributeProblems } from './fixtures/terraform-schemas.ts'
import { applyModules, type EnvironmentList, expression, tryVariables } from './fixtures/terraform-tenancy.ts'
import { runTerraform } from './harness/terraform-tools.ts'

const modules = await Promise.all(
  moduleFolders.map(async (folder) => ({ folder, files: await readModule(join(terraformFolder, folder)) })),
)
const lists = [...refusedLists, ...borderLists, ...fc.sample(environmentLists, { seed: 20261123, numRuns: 80 })]
const scratch = t.testdir()
const readings = lists.map((list) => readList(scratch, list))
const usual: EnvironmentList = { acc: {}, preprod: {}, prod: { production: true, promotes_from: ['acc'] } }
const accepted = lists.flatMap((list, index) => (readings[index] === null ? [] : [{ name: `list-${index}`, list }]))

t.test('every file of Terraform parses, is formatted, and so are the examples in the documentation', async (t) => {
  const folders = readdirSync(terraformFolder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.tf'))
  t.equal(folders.length, modules.flatMap(({ files }) => [...files.keys()]).length, 'no module is left out of this test')
  t.match(await runTerraform(terraformFolder, 'fmt', '-check', '-recursive', '-diff', '-no-color'), { status: 0, stdout: '' })
  const documents = moduleFolders.flatMap((folder) => listExamples(join(terraformFolder, folder, 'README.md')))
  t.ok(documents.length > moduleFolders.length)
  for (const [name, text] of documents) await t.resolves(parseHcl(name, text), name)
  await t.rejects(parseHcl('wrong.tf', 'resource "a" {'), 'the parser does refuse')
})

t.test('every variable and local is used, and every reference is to something that is there', async (t) => {
  for (const { folder, files } of modules) {
    const all = [...files.values()]
    const blocks = all.flatMap(listBlocks)
    const defined = new Set([
      ...all.flatMap((file) => listLabelled(file, 'variable').map(([name]) => `var.${name}`)),
      ...all.flatMap((file) => listLabelled(file, 'module').map(([name]) => `module.${name}`)),
      ...all.flatMap(listLocals).map((name) => `local.${name}`),
      ...blocks.map(({ kind, type, name }) => `${kind === 'data' ? 'data.' : ''}${type}.${name}`),
    ])
    const reference = /(?<![\w."-])(?:(?:var|local|module)\.\w+|(?:data\.)?(?:databricks|azuread|local)_\w+\.\w+)/g
    const texts = all.flatMap((file) => [
      ...listTexts({ ...file, variable: undefined }),
      ...listLabelled(file, 'variable').flatMap(([own, body]) =>
        listTexts(body).map((text) => text.replaceAll(`var.${own}`, '')),
      ),
    ])
    const used = new Set(texts.flatMap((text) => text.match(reference) ?? []))
    t.strictSame(
      [...used].filter((name) => !defined.has(name)),
      [],
      `${folder}: references`,
    )
    const mustBeUsed = [...defined].filter((name) => /^(var|local|module)\./.test(name))
    t.strictSame(
      mustBeUsed.filter((name) => !used.has(name)),
      [],
      `${folder}: used`,
    )
  }
})

t.test(
  'resources and data sources have only arguments and attributes that the providers know, and all that they require',
  async (t) => {
    const blocks = modules.flatMap(({ files }) => [...files.values()].flatMap(listBlocks))
    t.ok(blocks.length > 20)
    t.strictSame(blocks.flatMap(findArgumentProblems), [])
    t.strictSame(modules.flatMap(({ files }) => [...files.values()].flatMap(listTexts)).flatMap(findAttributeProblems), [])
    const [wrong] = listBlocks(await parseHcl('x.tf', 'resource "databricks_group" "x" {\n  name = "x"\n}'))
    t.strictSame(wrong && findArgumentProblems(wrong), [
      'databricks_group.x: display_name is missing',
      'databricks_group.x: name is unknown',
    ])
    t.strictSame(findAttributeProblems(expression('databricks_group.x["y"].identifier')), ['databricks_group has no identifier'])
  },
)

t.test('the environments have the same keys, types and defaults in every module as in the configuration', async (t) => {
  const types = modules.flatMap(({ files }) => [...files.values()].flatMap((file) => listLabelled(file, 'variable')))
  const texts = types.flatMap(([name, body]) => (name === 'environments' ? [String(body.type).replace(/\s+/g, ' ')] : []))
  t.equal(texts.length, modules.length)
  t.equal(new Set(texts).size, 1)
  const keys = [...(texts[0] ?? '').matchAll(/(\w+) = optional/g)].map(([, key]) => key)
  const schema = JSON.parse(readFileSync('schema/config.schema.json', 'utf8'))
  const properties = Object.keys(record(at(schema, 'properties.environments.additionalProperties.properties')))
  t.strictSame(keys.toSorted(), properties.map(toSnake).toSorted())
  const readme = readFileSync(join(terraformFolder, 'modules/proxy-configuration/README.md'), 'utf8')
  for (const key of properties) t.match(readme, `| \`${toSnake(key)}\` | \`${key}\` |`)
})

t.test('Terraform refuses a list of environments exactly when the proxy does', async (t) => {
  t.ok(
    refusedLists.every((_, index) => readings[index] === null),
    'the proxy refuses what the table says',
  )
  for (const [good, list] of catalogLists) t.equal(readList(t.testdir(), list) !== null, good, JSON.stringify(list))
  t.ok(borderLists.every((_, index) => readings[refusedLists.length + index] !== null))
  const random = readings.slice(refusedLists.length + borderLists.length)
  t.ok(random.filter((reading) => reading === null).length > 20 && random.filter((reading) => reading !== null).length > 20)
  const cased = { a: { model_suffix: '_X', experiment_root: '/x' }, b: { model_suffix: '_x', experiment_root: '/X' } }
  const more: [string, object, string | null][] = [
    ['case-folded', { environments: cased, upstream: { foldsCase: true } }, 'var.environments'],
    ['case-kept', { environments: cased, upstream: { foldsCase: false } }, null],
    ['settings', { environments: { a: {} }, settings: { upstream: {} } }, 'var.settings'],
    ['empty', { environments: {} }, 'var.environments'],
    ['entra-twice', { environments: { a: {} }, authentication: { entra: {} } }, 'var.authentication'],
    ...catalogLists.map(([good, environments], i): [string, object, string | null] => [
      `catalog-${i}`,
      { environments },
      good ? null : 'var.environments',
    ]),
  ]
  const cases = [
    ...lists.map((environments, i) => [`list-${i}`, { environments }, readings[i] === null ? 'var.environments' : null] as const),
    ...more,
  ]
  const table = Object.fromEntries(cases.map(([name, variables, refused]) => [name, { variables, refused }]))
  const wrong = await tryVariables(t.testdir(), 'modules/proxy-configuration', table)
  t.equal(wrong.map((name) => JSON.stringify(table[name])).join('\n'), '')
})

t.test('of every list the module and the proxy make the same groups, names, roots, stages and rights', async (t) => {
  const good: Record<string, EnvironmentList> = Object.fromEntries([
    ...accepted.map(({ name, list }) => [name, list]),
    ['usual', usual],
  ])
  const folder = t.testdir({ config: {}, root: { 'lists.json': JSON.stringify(good) } })
  const entra = { tenant_id: '11111111-2222-3333-4444-555555555555', audiences: ['api://mlflow-env-proxy'] }
  const authentication = { requiredGroups: ['apps_all'] }
  const variables = { entra, authentication, upstream: { url: 'http://127.0.0.1:5001' }, settings: { log: { level: 'warn' } } }
  const computed = { for_each: expression('jsondecode(file("lists.json"))'), environments: expression('each.value') }
  const { outputs } = await applyModules(join(folder, 'root'), {
    lists: { source: 'modules/proxy-configuration', variables, computed },
  })
  for (const [name, list] of Object.entries(good)) {
    const made = record(outputs.lists?.[name])
    const expected = readList(join(folder, 'config'), list)
    t.strictSame(readText(join(folder, 'config'), String(made.yaml)), expected, `${name}: the configuration`)
    t.match(parse(String(made.yaml)).authentication, { ...authentication, entra: { audiences: entra.audiences } }, name)
    t.strictSame(readDerived(record(made.environments)), expected, `${name}: what other modules are given`)
  }
  const catalog = { ...variables, upstream: { url: 'http://127.0.0.1:5001', kind: 'databricks', registry: 'unityCatalog' } }
  const [, inCatalog = {}] = catalogLists[0] ?? []
  const other = join(folder, 'catalog')
  mkdirSync(other)
  const made = await applyModules(other, {
    catalog: { source: 'modules/proxy-configuration', variables: { ...catalog, environments: inCatalog } },
  })
  t.strictSame(
    readText(join(folder, 'config'), String(record(made.outputs.catalog).yaml)),
    readList(join(folder, 'config'), inCatalog),
  )
})
