import { readFileSync } from 'node:fs'
import { record } from './manifests.ts'
import type { Block } from './terraform-files.ts'

interface Shape {
  readonly required: readonly string[]
  readonly optional: readonly string[]
  readonly blocks: Readonly<Record<string, Shape>>
}

interface Schema extends Shape {
  /** What the provider fills in. */
  readonly attributes: readonly string[]
}

interface Provider {
  readonly version: string
  readonly resource: Readonly<Record<string, Schema>>
  readonly data: Readonly<Record<string, Schema>>
}

// Excerpt of the providers' own schemas, as published for the CDK for Terraform: what the modules here use, and nothing else.
const providers: Readonly<Record<string, Provider>> = JSON.parse(
  readFileSync(new URL('./terraform-providers.json', import.meta.url), 'utf8'),
)

function schemaOf(kind: string, type: string): Schema | undefined {
  const provider = providers[type.slice(0, type.indexOf('_'))]
  return kind === 'data' ? provider?.data[type] : provider?.resource[type]
}

const meta = ['for_each', 'count', 'depends_on', 'lifecycle', 'dynamic']

function findShapeProblems(path: string, body: Record<string, unknown>, shape: Shape): string[] {
  const dynamic = Object.entries(record(body.dynamic)).map(([label, blocks]) => {
    const [block] = Array.isArray(blocks) ? blocks : []
    return [label, record(block).content] as const
  })
  const own = Object.entries(body).filter(([key]) => !meta.includes(key))
  const missing = shape.required.filter((key) => !(key in body)).map((key) => `${path}: ${key} is missing`)
  const wrong = [...own, ...dynamic].flatMap(([key, value]) => {
    const block = shape.blocks[key]
    if (block !== undefined) {
      const bodies = Array.isArray(value) ? value : []
      return bodies.flatMap((inner) => findShapeProblems(`${path}.${key}`, record(inner), block))
    }
    return [...shape.required, ...shape.optional].includes(key) ? [] : [`${path}: ${key} is unknown`]
  })
  return [...missing, ...wrong]
}

/** What a provider would not take, one sentence each. */
export function findArgumentProblems({ kind, type, name, body }: Block): string[] {
  const schema = schemaOf(kind, type)
  return schema === undefined ? [`${kind} ${type} is unknown`] : findShapeProblems(`${type}.${name}`, body, schema)
}

const index = '(?:\\[(?:[^[\\]]|\\[[^\\]]*\\])*\\])?'
const attribute = new RegExp(`(?<![\\w."-])(data\\.)?((?:databricks|azuread|local)_\\w+)\\.\\w+${index}\\.(\\w+)`, 'g')

/** The attributes that an expression reads and no provider gives. */
export function findAttributeProblems(text: string): string[] {
  return [...text.matchAll(attribute)].flatMap(([, data, type = '', name = '']) => {
    const schema = schemaOf(data === undefined ? 'resource' : 'data', type)
    const known = schema === undefined ? [] : [...schema.required, ...schema.optional, ...schema.attributes]
    return known.includes(name) ? [] : [`${type} has no ${name}`]
  })
}

/** The permission levels that Databricks has, by what `databricks_permissions` is for. */
export const permissionLevels: Readonly<Record<string, readonly string[]>> = {
  directory_id: ['CAN_READ', 'CAN_RUN', 'CAN_EDIT', 'CAN_MANAGE'],
  serving_endpoint_id: ['CAN_VIEW', 'CAN_QUERY', 'CAN_MANAGE'],
  registered_model_id: ['CAN_READ', 'CAN_EDIT', 'CAN_MANAGE_STAGING_VERSIONS', 'CAN_MANAGE_PRODUCTION_VERSIONS', 'CAN_MANAGE'],
}

/** The privileges that hold on a schema of Unity Catalog, or on the models in it. */
export const schemaPrivileges = ['APPLY_TAG', 'CREATE_MODEL', 'EXECUTE', 'MANAGE', 'USE_SCHEMA']
