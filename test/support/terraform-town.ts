import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { record } from './manifests.ts'
import { terraformFolder } from './terraform-files.ts'
import { type Known, standInForProviders } from './terraform-stand-in.ts'
import { runTerraform } from './terraform-tools.ts'

/** A value for Terraform's `environments`. */
export type EnvironmentList = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** A resource as Terraform would ask its provider for: `type.name`, the key of its instance, its arguments. */
export interface Asked {
  readonly module: string
  readonly address: string
  readonly key: unknown
  readonly arguments: Record<string, unknown>
}

/** Models of the stand-in workspace: three of acc and prod, and what belongs to nobody. */
export const workspaceModels = ['fraud_acc', 'fraud_prod', 'x_y_acc', 'legacy', '_acc', 'fraud_acc_prod', 'fraud_preprod']

/** Its serving endpoints: two of acc and prod, one that all share. */
export const servingEndpoints = ['score_acc', 'score_prod', 'databricks-llama']

/** The ids that the stand-in of Microsoft Entra ID gives. */
export const entraIds = { tenant: '11111111-2222-3333-4444-555555555555', client: '99999999-8888-7777-6666-555555555555' }

/** A value that Terraform computes. */
export const expression = (text: string) => `\${${text}}`

const each = (word: string) => `${word} \${each.key}`

const databricks: Known = {
  'databricks_group.environment': { id: each('group') },
  'databricks_group.all': { id: 'group of all' },
  'databricks_service_principal.application': { id: each('principal') },
  'databricks_directory.experiments': { object_id: each('directory') },
  'data.databricks_serving_endpoints.all': { endpoints: servingEndpoints.map((name) => ({ name, id: `endpoint ${name}` })) },
  'data.databricks_mlflow_models.all': { names: workspaceModels },
  'data.databricks_mlflow_model.this': { id: each('model') },
}

const entra: Known = {
  'data.azuread_client_config.current': { tenant_id: entraIds.tenant, object_id: 'operator' },
  'azuread_application.proxy': { id: '/applications/proxy', client_id: entraIds.client },
  'azuread_service_principal.proxy': {
    object_id: 'object proxy',
    app_role_ids: expression('{ for role in local.roles : role => join(" ", ["role", role]) }'),
  },
  'azuread_application.caller': { client_id: each('client') },
  'azuread_service_principal.caller': { object_id: each('object') },
}

/** The value with its texts as they must stand in Terraform's JSON, where `${` would begin an expression. */
function literal(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/[$%](?=\{)/g, '$&$&')
  if (Array.isArray(value)) return value.map(literal)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, literal(inner)]))
}

async function terraform(folder: string, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runTerraform(folder, ...args)
  if (status !== 0) throw new Error(`terraform ${args.join(' ')} failed:\n${stdout}${stderr}`)
  return stdout
}

function listAsked(module: Record<string, unknown>): Asked[] {
  const inner = Array.isArray(module.child_modules) ? module.child_modules : []
  const own = Array.isArray(module.resources) ? module.resources : []
  return [
    ...own.map(record).map(({ name, index, values }) => ({
      module: String(module.address).replace('module.', ''),
      address: String(name).replace('__', '.'),
      key: index ?? null,
      arguments: record(record(values).output),
    })),
    ...inner.flatMap((child) => listAsked(record(child))),
  ]
}

async function copyModules(folder: string) {
  cpSync(terraformFolder, folder, { recursive: true })
  for (const module of ['groups', 'mlflow-environments']) await standInForProviders(join(folder, 'modules', module), databricks)
  await standInForProviders(join(folder, 'examples/entra'), entra)
}

/** A module of the repository with its variables; a variable that is one expression, `${…}`, goes under `computed`. */
export interface Use {
  readonly source: string
  readonly variables: object
  readonly computed?: object
}

/**
 * Applies uses of the modules with a real Terraform, the providers replaced by stand-ins: gives the outputs by the use's name, and every
 * resource that was asked for. `extra` is further JSON of the root module. Throws what Terraform has to say.
 */
export async function applyModules(folder: string, uses: Readonly<Record<string, Use>>, extra: object = {}) {
  await copyModules(folder)
  const modules = Object.entries(uses).map(([name, { source, variables, computed }]) => [
    name,
    { source: `./${source}`, ...record(literal(variables)), ...computed },
  ])
  const output = Object.fromEntries(Object.keys(uses).map((name) => [name, { value: `\${module.${name}}` }]))
  writeFileSync(join(folder, 'main.tf.json'), JSON.stringify({ module: Object.fromEntries(modules), output, ...extra }))
  await terraform(folder, 'init', '-no-color')
  await terraform(folder, 'apply', '-no-color', '-auto-approve')
  const outputs = record(JSON.parse(await terraform(folder, 'output', '-json')))
  const state = record(JSON.parse(await terraform(folder, 'show', '-json')))
  return {
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, record(record(output).value)])),
    asked: listAsked(record(record(state.values).root_module)),
  }
}

/**
 * Plans a module with each case's variables, and gives the names of the cases that did not end as expected: refused by the check of the
 * variable `refused`, or by none where that is null.
 */
export async function tryVariables(
  folder: string,
  source: string,
  cases: Readonly<Record<string, { readonly variables: object; readonly refused: string | null }>>,
): Promise<string[]> {
  await copyModules(folder)
  const module = join(folder, source)
  mkdirSync(join(module, 'tests'))
  for (const [name, { variables, refused }] of Object.entries(cases)) {
    const run = { command: 'plan', variables: literal(variables), ...(refused === null ? {} : { expect_failures: [refused] }) }
    writeFileSync(join(module, 'tests', `${name}.tftest.json`), JSON.stringify({ run: { [name]: run } }))
  }
  await terraform(module, 'init', '-no-color')
  const { stdout } = await runTerraform(module, 'test', '-json', '-no-color')
  const runs = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => record(record(JSON.parse(line)).test_run))
  const passed = new Set(runs.filter(({ status }) => status === 'pass').map(({ run }) => run))
  return Object.keys(cases).filter((name) => !passed.has(name))
}
