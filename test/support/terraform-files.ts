import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from '@cdktn/hcl2json'
import { record } from './manifests.ts'

const inRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The folder with all modules and examples. */
export const terraformFolder = inRoot('terraform')

/** The folders with .tf files, relative to `terraformFolder`. */
export const moduleFolders = [
  'modules/proxy-configuration',
  'modules/groups',
  'modules/mlflow-environments',
  'examples/entra',
] as const

/** One block with two labels, such as `resource "databricks_group" "all" {}`. */
export interface Block {
  /** `resource` or `data`. */
  readonly kind: string
  readonly type: string
  readonly name: string
  readonly body: Record<string, unknown>
}

/** HCL as the parser of Terraform's own language reads it, in Terraform's JSON spelling. Throws what the parser has to say. */
export async function parseHcl(name: string, text: string): Promise<Record<string, unknown>> {
  return record(await parse(name, text))
}

/** The parsed .tf files of a folder by file name. */
export async function readModule(folder: string): Promise<Map<string, Record<string, unknown>>> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.tf'))
  const parsed = files.map(async (name) => [name, await parseHcl(name, readFileSync(join(folder, name), 'utf8'))] as const)
  return new Map(await Promise.all(parsed))
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** The resources and data sources of a parsed file. */
export function listBlocks(file: Record<string, unknown>): Block[] {
  return ['resource', 'data'].flatMap((kind) =>
    Object.entries(record(file[kind])).flatMap(([type, named]) =>
      Object.entries(record(named)).flatMap(([name, bodies]) =>
        list(bodies).map((body) => ({ kind, type, name, body: record(body) })),
      ),
    ),
  )
}

/** The bodies of blocks with one label, such as `variable "mode" {}`, by label. */
export function listLabelled(file: Record<string, unknown>, kind: string): [string, Record<string, unknown>][] {
  return Object.entries(record(file[kind])).map(([name, bodies]) => [name, record(list(bodies)[0])])
}

/** The names that `locals` blocks define. */
export function listLocals(file: Record<string, unknown>): string[] {
  return list(file.locals).flatMap((block) => Object.keys(record(block)))
}

/** The ```hcl blocks of a Markdown file. */
export function listExamples(path: string): [string, string][] {
  const blocks = [...readFileSync(path, 'utf8').matchAll(/^```hcl\n([\s\S]*?)^```$/gm)]
  return blocks.map(([, text = ''], index) => [`${basename(path)}-${index}.tf`, text])
}

/** Every text in a parsed value, keys left out. */
export function listTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(listTexts)
}
