import type { ConfigPath, Finding } from './config-problem.ts'
import { type SchemaNode, schemaAt, takesType } from './config-schema.ts'

interface Expansion {
  readonly schema: SchemaNode
  readonly env: NodeJS.ProcessEnv
  readonly findings: Finding[]
}

/**
 * Replaces `${VAR}` in every text of the configuration; `$${` stands for a literal `${`. Where the schema wants a number or a truth
 * value, the replaced text becomes one. Unset variables are findings.
 */
export function expandVariables(
  data: unknown,
  schema: SchemaNode,
  env: NodeJS.ProcessEnv,
): { data: unknown; findings: Finding[] } {
  const expansion: Expansion = { schema, env, findings: [] }
  return { data: expand(data, [], expansion), findings: expansion.findings }
}

function expand(value: unknown, path: ConfigPath, expansion: Expansion): unknown {
  if (typeof value === 'string') return value.includes('${') ? expandText(value, path, expansion) : value
  if (Array.isArray(value)) return value.map((item, index) => expand(item, [...path, index], expansion))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(item, [...path, key], expansion)]))
}

function expandText(text: string, path: ConfigPath, { schema, env, findings }: Expansion): unknown {
  const replaced = text.replace(/\$\$\{|\$\{([^}]*)(\}?)/g, (whole, name: string | undefined, end: string | undefined) => {
    if (name === undefined) return '${'
    if (end === '' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      findings.push({ path, message: `\`${whole}\` is not a variable; write \${NAME}, or $\${ for a literal \${` })
      return whole
    }
    const value = env[name]
    if (value === undefined) {
      findings.push({ path, message: `the environment variable ${name} is not set; set it, or write the value here` })
    }
    return value ?? whole
  })
  const node = schemaAt(schema, path)
  return node === null ? replaced : readScalar(replaced, node)
}

/** Text from outside YAML as what the schema wants at its place: a whole number, a truth value, or the text itself. */
export function readScalar(text: string, node: SchemaNode): string | number | boolean {
  if (takesType(node, 'integer') && /^[0-9]{1,15}$/.test(text)) return Number(text)
  if (takesType(node, 'boolean') && /^(true|false)$/.test(text)) return text === 'true'
  return text
}
