import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Environment } from '../../src/policy/environments/environment.ts'
import { loadConfig } from '../../src/server/config/config.ts'
import { ConfigError } from '../../src/server/config/config-problem.ts'
import { record } from './manifests.ts'
import type { EnvironmentList } from './terraform-town.ts'

/** `modelSuffix` as Terraform writes it: `model_suffix`. */
export const toSnake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const toCamel = (key: string) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** What the proxy makes of a configuration's text: its environments in the order of their names. Throws a `ConfigError`. */
export function readText(folder: string, text: string): Environment[] {
  const file = join(folder, 'config.yaml')
  writeFileSync(file, text)
  return [...loadConfig(file, {}).environments].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** What the proxy makes of the same list of environments in its own spelling; null where it refuses. */
export function readList(folder: string, list: EnvironmentList): Environment[] | null {
  const spell = (entry: object) =>
    Object.fromEntries(
      Object.entries(entry).map(([key, value]) => [
        toCamel(key),
        key === 'groups' && Array.isArray(value) ? value.map((group) => String(group).replace(/\$(?=\{)/g, '$&$&')) : value,
      ]),
    )
  const environments = Object.fromEntries(Object.entries(list).map(([name, entry]) => [name, spell(entry)]))
  const authentication = { entra: { tenantId: '11111111-2222-3333-4444-555555555555', audiences: ['api://mlflow-env-proxy'] } }
  try {
    const inCatalog = Object.values(list).some((fields) => 'unity_catalog_schema' in fields)
    const kind = inCatalog ? { kind: 'databricks', registry: 'unityCatalog' } : {}
    const upstream = { url: 'http://127.0.0.1:5001', ...kind }
    return readText(folder, JSON.stringify({ upstream, authentication, environments }))
  } catch (error) {
    if (error instanceof ConfigError) return null
    throw error
  }
}

/** The `environments` that the module derives, as the proxy has them. */
export function readDerived(environments: Record<string, unknown>): Record<string, unknown>[] {
  return Object.entries(environments)
    .map(([name, entry]) => {
      const given = Object.entries(record(entry)).filter(([, value]) => value !== null)
      const camel = Object.fromEntries(given.map(([key, value]) => [toCamel(key), value]))
      return { name, ...camel, registrationStage: camel.registrationStage === 'none' ? null : camel.registrationStage }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

const names = ['acc', 'preprod', 'prod', 'a', 'acc-2']
const mostly = <T>(usual: readonly T[], rare: readonly T[]) =>
  fc.oneof({ weight: 40, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) })

const entry = fc
  .record(
    {
      groups: mostly(
        [['apps'], ['a b', 'É$'], ['6f1f9e6c-0f5b-4c0e-9f0e-3a1d5c7b9e21', 'x'], [`\${HOME}`, `$\${A} %{B}`]],
        [[], ['a', 'a'], [' x'], ['x\u00a0'], ['*'], ['']],
      ),
      administrators: mostly(
        [[], ['admins'], ['É b', '6f1f9e6c-0f5b-4c0e-9f0e-3a1d5c7b9e21']],
        [['a', 'a'], [' x'], ['*'], ['']],
      ),
      model_suffix: mostly(
        ['-x', '.y', '__z', '_u-1', '_Q', '-team7', '.v2.1'],
        ['_acc', 'acc', '_', 'é', '', `_${'x'.repeat(64)}`],
      ),
      experiment_root: mostly(
        ['/teams/one', '/teams/two two', '/tëams/3', '/experiments/other', '/deep/er/still', '/A', '/é'],
        ['/experiments', '/', '/x/', 'x', '/a//b', '/a/../b', '/a/ b', '/a?b', '/%41', '/a\u200bb', `/${'x'.repeat(200)}`],
      ),
      production: fc.boolean(),
      gateway: fc.boolean(),
      gateway_hosts: mostly([[], ['ollama.models.svc:11434'], ['10.0.0.7']], [['Ollama'], ['https://x'], ['a', 'a']]),
      workspace: mostly(['team-a'], ['', 'A', 'api', 'x', '-x', 'x-', 'a_b', 'x'.repeat(64)]),
      registration_stage: mostly(['Staging', 'none'], ['Production', 'production', 'Archived']),
      source_prefixes: mostly([[], ['s3://models/one/'], ['dbfs:/two/']], [['ftp://x/'], ['models'], ['s3://mm/', 's3://mm/']]),
      shared_serving_endpoints: mostly(
        [[], ['databricks-llama'], ['a', 'B_c']],
        [['a b'], ['x', 'x'], ['x_acc'], [''], ['x'.repeat(64)]],
      ),
      serving_secret_scopes: mostly([[], ['acc-models']], [['a/b'], ['a', 'a']]),
    },
    { requiredKeys: [] },
  )
  .map((fields) => ({ ...fields }))

/** Lists of environments, about half of which the proxy refuses. */
export const environmentLists: fc.Arbitrary<EnvironmentList> = fc
  .record({
    list: fc.dictionary(mostly(names, ['Acc', 'a_b', '1a', 'a-', 'x'.repeat(33)]), entry, { minKeys: 1, maxKeys: 4 }),
    promoter: fc.nat(),
    from: fc.subarray([...names, 'elsewhere'], { maxLength: 2 }),
  })
  .map(({ list, promoter, from }) => {
    const keys = Object.keys(list)
    const chosen = keys[promoter % keys.length] ?? ''
    const known = from.filter((name) => keys.includes(name) || promoter % 5 === 0)
    if (known.length === 0) return list
    return { ...list, [chosen]: { ...list[chosen], production: promoter % 7 > 0, promotes_from: known } }
  })

const guid = '6f1f9e6c-0f5b-4c0e-9f0e-3a1d5c7b9e21'

/** Lists that break one rule each. */
export const refusedLists: readonly EnvironmentList[] = [
  ...['Acc', 'a_b', '1a', 'a-', '-a', 'x'.repeat(33), 'ä'].map((name) => ({ [name]: {} })),
  ...[[], ['a', 'a'], [guid, guid], [' x'], ['x '], ['x\u00a0'], ['*'], ['a*'], ['']].map((groups) => ({ acc: { groups } })),
  ...[['a', 'a'], [' x'], ['x\u00a0'], ['a*'], ['']].map((administrators) => ({ acc: { administrators } })),
  ...['_', 'é', '', 'a/b', ' x', `_${'x'.repeat(64)}`].map((model_suffix) => ({ acc: { model_suffix } })),
  ...[
    '',
    '/',
    '/x/',
    'x',
    '/a//b',
    '/a/../b',
    '/./a',
    '/a/ b',
    '/a /b',
    '/a?b',
    '/a#b',
    '/%41',
    '/a\\b',
    '/a"b',
    "/a'b",
    '/a`b',
  ].map((experiment_root) => ({ acc: { experiment_root } })),
  ...['/a\u200bb', '/a\u0007', '/\u00a0a', `/${'x'.repeat(200)}`].map((experiment_root) => ({ acc: { experiment_root } })),
  ...['production', 'Archived', 'None', ''].map((registration_stage) => ({ acc: { registration_stage } })),
  { acc: { registration_stage: 'Production' } },
  { acc: {}, prod: { promotes_from: ['acc'] } },
  ...[['prod'], ['elsewhere'], ['acc', 'acc']].map((promotes_from) => ({ acc: {}, prod: { production: true, promotes_from } })),
  ...[['ftp://x/'], ['models'], ['S3://mm/a/'], ['s3://mm/', 's3://mm/'], ['s3://mm/a b/']].map((source_prefixes) => ({
    acc: { source_prefixes },
  })),
  ...[['x_acc'], ['x_other'], ['a b'], ['a.b'], ['a', 'a'], [''], ['x'.repeat(64)]].map((shared_serving_endpoints) => ({
    acc: { shared_serving_endpoints },
    other: {},
  })),
  ...[['a/b'], [''], ['a', 'a']].map((serving_secret_scopes) => ({ acc: { serving_secret_scopes } })),
  ...['', 'x', 'Team', '-a', 'a-', 'a b', 'api', 'workspaces', 'x'.repeat(64)].map((workspace) => ({ acc: { workspace } })),
  { acc: { workspace: 'one' }, prod: { production: true, promotes_from: ['acc'] } },
  { acc: { workspace: 'one' }, prod: { production: true, workspace: 'two', promotes_from: ['acc'] } },
  { acc: {}, other: { model_suffix: '_acc' } },
  { acc: {}, other: { model_suffix: '-x_acc' } },
  { acc: { model_suffix: '-x_acc' }, other: { model_suffix: '_acc' } },
  { acc: {}, other: { experiment_root: '/experiments/acc' } },
  { acc: {}, other: { experiment_root: '/experiments/acc/inner' } },
  { acc: {}, other: { experiment_root: '/experiments' } },
  { acc: { source_prefixes: ['s3://mm/a/'] }, other: { source_prefixes: ['s3://mm/a'] } },
  { acc: { source_prefixes: ['s3://mm/'] }, other: { source_prefixes: ['gs://mm/', 's3://mm/a/'] } },
  {
    acc: { source_prefixes: ['abfss://mm@lake.dfs.core.windows.net/'] },
    other: { source_prefixes: ['wasbs://mm@lake.blob.core.windows.net/a/'] },
  },
]

/** Lists that come near to breaking a rule. */
export const borderLists: readonly EnvironmentList[] = [
  { ['x'.repeat(32)]: {}, a: {}, 'a-1': {} },
  { acc: { groups: ['a b', 'É', guid, `\${HOME}`, `$\${A}`, '%{B}', 'a\\b', '"'] }, other: { groups: ['a b'] } },
  { acc: { model_suffix: '_'.padEnd(64, 'x') }, other: { model_suffix: 'acc_' }, cc: { model_suffix: '.'.concat('cc') } },
  { acc: { experiment_root: '/experiments/ac' }, other: { experiment_root: '/experiments/acc' } },
  { acc: { experiment_root: `/${'x'.repeat(199)}` }, other: { experiment_root: '/..a/b.c/d e/é' } },
  { acc: { source_prefixes: ['s3://mm/a/', 's3://mm/a/b'] }, other: { source_prefixes: ['s3://mm/ab', 'gs://mm/a/'] } },
  { acc: { shared_serving_endpoints: ['_ac', 'acc', 'x'.repeat(63)], serving_secret_scopes: ['a.b@c-d_e'] }, other: {} },
  {
    acc: { workspace: 'x1' },
    other: { workspace: 'x'.repeat(63) },
    prod: { workspace: 'x1', production: true, promotes_from: ['acc'] },
  },
  { acc: { registration_stage: 'none' }, prod: { production: true, registration_stage: 'Staging', promotes_from: ['acc'] } },
]

/** Lists for Unity Catalog, each with whether it is good. */
export const catalogLists: readonly (readonly [good: boolean, list: EnvironmentList])[] = [
  [true, { acc: { unity_catalog_schema: 'acc.ml' }, prod: { unity_catalog_schema: 'prod.ml', production: true } }],
  [true, { acc: { unity_catalog_schema: 'main.ml_acc', registration_alias: 'none' }, b: { unity_catalog_schema: 'main.b' } }],
  [false, { acc: { unity_catalog_schema: 'main.ml' }, b: { unity_catalog_schema: 'main.ml' } }],
  ...['ml', 'Main.ml', 'a.b.c', 'a b.c', '.ml', ''].map((schema) => [false, { acc: { unity_catalog_schema: schema } }] as const),
  ...['latest', 'v1', 'a b', '1a', ''].map(
    (alias) => [false, { acc: { unity_catalog_schema: 'acc.ml', registration_alias: alias } }] as const,
  ),
  [false, { acc: { registration_alias: 'staging' } }],
  [true, { acc: { unity_catalog_schema: 'acc.ml', model_suffix: '-acc' } }],
  [false, { acc: { unity_catalog_schema: 'acc.ml', registration_stage: 'Staging' } }],
]
