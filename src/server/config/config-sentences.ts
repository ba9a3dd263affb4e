import type { ErrorObject } from 'ajv'
import { withoutTrailing } from '../../policy/names/trailing.ts'
import { knownKeys, listKeys, type SchemaNode, schemaAt, showYaml } from './config-schema.ts'
import { isMapping } from './mapping.ts'
import { findNearest } from './nearest-word.ts'

/** What one error of the schema says to the person who wrote the file: what is wrong, and what to write instead. */
export interface ErrorSentence {
  readonly message: string
  readonly atKey?: boolean
}

/** Words for an error of the schema. `error.parentSchema` needs ajv's `verbose`. */
export function describeError(error: ErrorObject, schema: SchemaNode): ErrorSentence {
  const node: SchemaNode = { examples: [], ...error.parentSchema }
  const param = (name: string): unknown => error.params[name]
  switch (error.keyword) {
    case 'additionalProperties':
      return { message: unknownKey(String(param('additionalProperty')), node, schema), atKey: true }
    case 'propertyNames':
      return { message: badName(String(param('propertyName')), node.propertyNames ?? {}), atKey: true }
    case 'required':
      return { message: missing(String(param('missingProperty')), error, schema) }
    case 'false schema':
      return { message: onlyFor(modeOf(error.instancePath)), atKey: true }
    case 'enum':
      return { message: notInEnum(error.data, node) }
    case 'uniqueItems':
      return { message: `\`${repeated(error)}\` is listed twice; keep one` }
    case 'minItems':
    case 'minProperties':
      return { message: `is empty; ${nameIt(writeInstead(node).replace('write for', 'write at least one, for'), error)}` }
    default:
      if (error.data === null) return { message: `is empty; ${nameIt(writeInstead(node), error)}` }
      return { message: `${show(error.data, error.keyword)} is not ${formOf(node)}; ${nameIt(writeInstead(node), error)}` }
  }
}

/** The mode of credentials that a key belongs to. */
function modeOf(instancePath: string): string {
  if (instancePath.endsWith('/file')) return 'token'
  if (instancePath.endsWith('/tokenFile')) return 'workloadIdentity'
  return /\/(username|passwordFile)$/.test(instancePath) ? 'basic' : 'servicePrincipal'
}

/** Puts the environment's own name into a sentence about its defaults. */
function nameIt(sentence: string, error: ErrorObject): string {
  return sentence.replaceAll('<name>', /^\/environments\/([^/]+)/.exec(error.instancePath)?.[1] ?? '<name>')
}

function unknownKey(key: string, node: SchemaNode, schema: SchemaNode): string {
  const known = knownKeys(node)
  const nearest = findNearest(key, known)
  if (nearest !== null) return `\`${key}\` is not a known key; did you mean \`${nearest}\`?`
  const elsewhere = listKeys(schema).filter(({ path }) => path.at(-1) === key)
  if (elsewhere.length > 0) {
    return `\`${key}\` is not a known key here; it belongs to ${elsewhere.map(({ path }) => `\`${path.join('.')}\``).join(' or ')}`
  }
  return `\`${key}\` is not a known key; write one of ${known.join(', ')}, or leave it out`
}

function badName(name: string, node: SchemaNode): string {
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
  const plain = withoutTrailing(words.slice(0, 32), '-')
  return `\`${clip(name)}\` is not ${node['x-form'] ?? 'a name'}; write ${plain === '' ? 'for example acc' : plain}`
}

function missing(key: string, error: ErrorObject, schema: SchemaNode): string {
  const around = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => (/^[0-9]+$/.test(part) ? Number(part) : part))
  const example = schemaAt(schema, [...around, key])?.examples?.[0] ?? '…'
  return `is missing; write for example \`${showYaml({ [key]: example }).replace(/^\{ | \}$/g, '')}\``
}

function notInEnum(value: unknown, node: SchemaNode): string {
  const nearest = typeof value === 'string' ? findNearest(value, node.enum ?? []) : null
  const instead = nearest === null ? `write one of ${(node.enum ?? []).join(', ')}` : `did you mean \`${nearest}\`?`
  return `${show(value)} is none of ${(node.enum ?? []).join(', ')}; ${instead}`
}

function repeated(error: ErrorObject): string {
  const items: unknown = error.data
  return clip(String(Array.isArray(items) ? items[Number(error.params.i)] : ''))
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
}

function formOf(node: SchemaNode): string {
  if (node['x-form'] !== undefined) return node['x-form']
  const types = typeof node.type === 'string' ? [node.type] : (node.type ?? [])
  const names = types.flatMap((type) => typeNames[type] ?? [])
  return names.length > 0 ? names.join(' or ') : 'a value that belongs here'
}

function writeInstead(node: SchemaNode): string {
  const example = node.enum?.[0] ?? node.examples?.[0]
  if (node.type === 'boolean') return 'write true or false'
  const instead = example === undefined ? 'leave it out' : `write for example ${showYaml(example)}`
  const fallback =
    node['x-default'] ?? (node.default === undefined || isMapping(node.default) ? undefined : showYaml(node.default))
  return fallback === undefined ? instead : `${instead}, or leave it out${fallback === 'null' ? '' : ` for ${fallback}`}`
}

function show(value: unknown, keyword?: string): string {
  if (typeof value === 'string' && keyword === 'type') return `the text ${JSON.stringify(clip(value))}`
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (isMapping(value)) return Object.keys(value).length === 0 ? 'an empty map' : 'a map'
  return value === '' ? 'an empty text' : typeof value === 'string' ? `\`${clip(value)}\`` : String(value)
}

/** A text short enough for a message, on one line. */
export function clip(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD')
  return line.length > 80 ? `${line.slice(0, 79)}…` : line
}

function onlyFor(mode: string): string {
  return `is only for credentials with \`mode: ${mode}\`; leave it out, or write mode: ${mode}`
}
