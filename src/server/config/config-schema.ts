import { stringify } from 'yaml'
import schema from '../../../schema/config.schema.json' with { type: 'json' }
import type { ConfigPath } from './config-problem.ts'

/** The parts of JSON Schema that `schema/config.schema.json` uses, and two words of its own. */
export interface SchemaNode {
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: boolean | SchemaNode
  readonly propertyNames?: SchemaNode
  readonly items?: SchemaNode
  readonly $ref?: string
  readonly definitions?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  /** What a right value is, to follow "is not …". */
  readonly 'x-form'?: string
  /** The default in words, where it depends on other keys. */
  readonly 'x-default'?: string
}

/** The schema of the configuration file. */
export const configSchema: SchemaNode = schema

/** The schema of the value at a path, or null where the schema knows no such path. */
export function schemaAt(schema: SchemaNode, path: ConfigPath): SchemaNode | null {
  let node: SchemaNode | undefined = schema
  for (const part of path) {
    if (node === undefined) return null
    node = typeof part === 'number' ? node.items : childOf(node, part)
  }
  return node ?? null
}

/** What any other key holds. */
function namedIn({ additionalProperties }: SchemaNode): SchemaNode | undefined {
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}

function childOf(node: SchemaNode, key: string): SchemaNode | undefined {
  if (node.properties !== undefined && Object.hasOwn(node.properties, key)) return node.properties[key]
  return namedIn(node)
}

/** The keys that a map at this place may have. */
export function knownKeys(node: SchemaNode): string[] {
  return Object.keys(node.properties ?? {})
}

/** Whether the schema takes values of this JSON type here. */
export function takesType(node: SchemaNode, type: string): boolean {
  return node.type === type || (Array.isArray(node.type) && node.type.includes(type))
}

/** Every key of the schema with its path; `<name>` stands for the name of an environment. */
export function listKeys(schema: SchemaNode, path: readonly string[] = []): { path: readonly string[]; node: SchemaNode }[] {
  const inner = Object.entries(schema.properties ?? {})
  const other = namedIn(schema)
  const named: [string, SchemaNode][] = other === undefined ? [] : [['<name>', other]]
  return [...inner, ...named].flatMap(([key, node]) => [{ path: [...path, key], node }, ...listKeys(node, [...path, key])])
}

/** A value as one line of YAML, as a person would write it. */
export function showYaml(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim().replaceAll('[ ', '[').replaceAll(' ]', ']')
}
