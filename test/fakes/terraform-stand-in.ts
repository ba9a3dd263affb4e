import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { record } from '../fixtures/manifests.ts'
import { type Block, listBlocks, readModule } from '../fixtures/terraform-files.ts'

/** What a provider would answer, by `type.name` (`data.type.name`): attributes, in which `each.key` may stand. */
export type Known = Readonly<Record<string, Readonly<Record<string, unknown>>>>

const providers = '(?:databricks|azuread|local)_\\w+'
const index = '((?:\\[(?:[^[\\]]|\\[[^\\]]*\\])*\\])?)'
const reference = new RegExp(`(?<![\\w."-])(data\\.)?(${providers})\\.(\\w+)${index}\\.(?=\\w)`, 'g')

function rewriteText(text: string): string {
  return text.replace(reference, (_, data: string | undefined, type: string, name: string, at: string) =>
    data === undefined ? `terraform_data.${type}__${name}${at}.output.` : `local.data__${type}__${name}${at}.`,
  )
}

function rewrite(value: unknown): unknown {
  if (typeof value === 'string') return rewriteText(value)
  if (Array.isArray(value)) return value.map(rewrite)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rewrite(inner)]))
}

/** The expression that a text consists of, or null where it is a template of several parts. */
function soleExpression(text: string): string | null {
  if (!text.startsWith('${')) return null
  let depth = 0
  for (let at = 1; at < text.length; at++) {
    if (text[at] === '{') depth++
    if (text[at] === '}' && --depth === 0) return at === text.length - 1 ? text.slice(2, -1) : null
  }
  return null
}

function toHcl(value: unknown): string {
  if (typeof value === 'string') {
    const expression = soleExpression(value)
    if (expression !== null) return `(${expression})`
    return value.includes('${') ? `"${value}"` : JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(toHcl).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)} = ${toHcl(inner)}`)
    .join(', ')} }`
}

/** A `dynamic` block as the list of blocks that it makes. */
function unroll(label: string, block: Record<string, unknown>): string {
  const [content] = Array.isArray(block.content) ? block.content : []
  const body = toHcl(content).replaceAll(`${label}.value`, `${label}_value`).replaceAll(`${label}.key`, `${label}_key`)
  return `\${[for ${label}_key, ${label}_value in ${toHcl(block.for_each)} : ${body}]}`
}

const meta = ['for_each', 'count', 'depends_on', 'lifecycle', 'dynamic', 'provider']

function toInput(block: Block, known: Known): Record<string, unknown> {
  const dynamic = Object.entries(record(block.body.dynamic)).map(([label, blocks]) => [
    label,
    unroll(label, record(Array.isArray(blocks) ? blocks[0] : null)),
  ])
  const own = Object.entries(block.body).filter(([key]) => !meta.includes(key))
  const address = `${block.kind === 'data' ? 'data.' : ''}${block.type}.${block.name}`
  return { ...Object.fromEntries([...own, ...dynamic]), ...known[address] }
}

function standInResource(block: Block, known: Known): Record<string, unknown> {
  const { for_each, count, lifecycle } = block.body
  const conditions = Array.isArray(lifecycle)
    ? lifecycle.map((one) => ({ ...record(one), ignore_changes: undefined }))
    : undefined
  return { for_each, count, lifecycle: conditions, input: toInput(block, known) }
}

function standInData(block: Block, known: Known): string {
  const { for_each, count } = block.body
  const body = toHcl(toInput(block, known))
  if (for_each !== undefined) {
    const own = body.replaceAll('each.key', 'each_key').replaceAll('each.value', 'each_value')
    return `\${{ for each_key, each_value in ${toHcl(for_each)} : each_key => ${own} }}`
  }
  return count === undefined ? `\${${body}}` : `\${[for each_key in range(${toHcl(count)}) : ${body}]}`
}

/**
 * Makes a module run without its providers, in place: each resource becomes Terraform's built-in `terraform_data` with the arguments
 * as `input`, each data source a local value. All expressions stay as they are, and Terraform itself evaluates them.
 */
export async function standInForProviders(folder: string, known: Known): Promise<void> {
  for (const [name, file] of await readModule(folder)) {
    const path = join(folder, name)
    const blocks = listBlocks(file)
    if (blocks.length === 0) {
      writeFileSync(path, name === 'versions.tf' ? '' : rewriteText(readFileSync(path, 'utf8')))
      continue
    }
    const resources = blocks.filter(({ kind }) => kind === 'resource')
    const data = blocks.filter(({ kind }) => kind === 'data')
    const standIn = {
      ...file,
      data: undefined,
      resource: {
        terraform_data: Object.fromEntries(resources.map((b) => [`${b.type}__${b.name}`, standInResource(b, known)])),
      },
      locals: [
        ...(Array.isArray(file.locals) ? file.locals : []),
        Object.fromEntries(data.map((b) => [`data__${b.type}__${b.name}`, standInData(b, known)])),
      ],
    }
    rmSync(path)
    writeFileSync(`${path}.json`, JSON.stringify(rewrite(standIn)))
  }
}
