import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import { parse } from 'yaml'
import { ensureCustomResources, findCustomResources } from '../../scripts/setup/custom-resources.mjs'
import { record } from '../fixtures/manifests.ts'

interface Definition {
  readonly spec: {
    readonly group: string
    readonly names: { readonly kind: string }
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: unknown } }[]
  }
}

/** The files of the definitions. Throws what is missing. */
export function definitionFiles(): readonly string[] {
  const found = findCustomResources()
  if (found !== null) return found
  ensureCustomResources(() => undefined)
  return findCustomResources() ?? []
}

/** A pattern of Go as one of JavaScript. */
const patternOf = (text: unknown) => String(text).replace(/\(\?i\)(.*)/, '(?i:$1)')

/** A structural schema as JSON Schema, in which an object takes no key that it does not name: the API server's strict validation. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict)
  if (typeof schema !== 'object' || schema === null) return schema
  const { type, properties, nullable, pattern, ...rest } = record(schema)
  const others = Object.fromEntries(
    Object.entries(rest)
      .filter(([key]) => !key.startsWith('x-kubernetes-') && !['description', 'default', 'example'].includes(key))
      .map(([key, value]) => [key, ['required', 'enum'].includes(key) ? value : strict(value)]),
  )
  const named = Object.fromEntries(Object.entries(record(properties)).map(([key, value]) => [key, strict(value)]))
  const isOpen = rest['x-kubernetes-preserve-unknown-fields'] === true || !('properties' in record(schema))
  return {
    ...others,
    ...(pattern === undefined ? {} : { pattern: patternOf(pattern) }),
    ...(type === undefined ? {} : { type: nullable === true ? [type, 'null'] : type }),
    ...('properties' in record(schema) ? { properties: named } : {}),
    ...(isOpen || type !== 'object' ? {} : { additionalProperties: false }),
  }
}

// What every object has beside its own schema.
const metadata = {
  type: 'object',
  properties: Object.fromEntries(['name', 'namespace', 'labels', 'annotations'].map((key) => [key, {}])),
  additionalProperties: false,
}

/** For each custom resource that the chart makes, by apiVersion and kind, what tells whether an object is one. */
export function customResources(): ReadonlyMap<string, ValidateFunction> {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
  const found = definitionFiles().flatMap((file) => {
    const { spec }: Definition = parse(readFileSync(file, 'utf8'))
    return spec.versions.map(({ name, schema }) => {
      const whole = record(strict(schema.openAPIV3Schema))
      const properties = { ...record(whole.properties), metadata }
      return [`${spec.group}/${name} ${spec.names.kind}`, ajv.compile({ ...whole, properties })] as const
    })
  })
  return new Map(found)
}
