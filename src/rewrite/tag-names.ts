import { findsProxyTag, modelVersionsTag } from '../policy/checks/request/tags.ts'
import { isLinkedPrompts } from '../policy/checks/traces/trace-tags.ts'
import type { Json } from '../policy/messages/json/json.ts'
import { parseIfJson, printJson } from '../policy/messages/json/json-text.ts'
import { mayBeOne } from '../policy/names/look-alikes.ts'
import { isRecordKey } from '../policy/promotions/promotion-tags.ts'

type Rename = (name: string) => string | null

/** A JSON list of things with names, each renamed; those that get no name are left out. */
export function renameEntries(text: string, rename: (name: string) => string | null): string {
  const parsed = parseIfJson(text)
  const entries = (Array.isArray(parsed) ? parsed : []).flatMap((entry) => {
    const name = entry instanceof Map ? entry.get('name') : undefined
    const renamed = typeof name === 'string' ? rename(name) : null
    return entry instanceof Map && renamed !== null ? [new Map(entry).set('name', renamed)] : []
  })
  return printSpaced(entries)
}

/** JSON as Python's `json.dumps` lays it out, which is how MLflow writes this tag. */
function printSpaced(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(printSpaced).join(', ')}]`
  if (value instanceof Map) return `{${[...value].map(([key, item]) => `${printJson(key)}: ${printSpaced(item)}`).join(', ')}}`
  return printJson(value)
}

/** What a tag is by its key: the proxy's own is hidden, but for the record of a promotion. */
type Role = 'hidden' | 'versions' | 'prompts' | 'other'

/** Keys whose roles are remembered, and the characters of each: it is the same few that every row has. */
const remembered = { keys: 1_000, characters: 64 } as const
const roles = new Map<string, Role>()

function findRole(key: string): Role {
  if (findsProxyTag(key) !== null && !isRecordKey(key)) return 'hidden'
  if (mayBeOne(key, modelVersionsTag)) return 'versions'
  return isLinkedPrompts(key) ? 'prompts' : 'other'
}

function roleOf(key: string): Role {
  const known = roles.get(key)
  if (known !== undefined) return known
  const role = findRole(key)
  if (roles.size < remembered.keys && key.length <= remembered.characters) roles.set(key, role)
  return role
}

/** Tags that a caller gives a version, without those of a promotion's record: they would say so of another version. */
export function withoutRecord(tags: Json): Json {
  if (!Array.isArray(tags)) return tags
  return tags.filter((tag) => !(tag instanceof Map && isRecordKey(String(tag.get('key')))))
}

/**
 * A list of tags in the other side's names: `mlflow.modelVersions` and `mlflow.linkedPrompts` hold registered names, and entries that
 * get no name are left out, as is the proxy's own note.
 */
export function renameTags(tags: Json, rename: Rename, renamePrompt: Rename = rename): Json {
  if (!Array.isArray(tags)) return tags
  const renamed: Json[] = []
  for (const tag of tags) {
    if (!(tag instanceof Map)) continue
    const [key, value] = [tag.get('key'), tag.get('value')]
    const role = typeof key === 'string' ? roleOf(key) : 'other'
    if (role === 'hidden') continue
    const names = typeof value === 'string' && (role === 'versions' || (role === 'prompts' && value !== ''))
    renamed.push(names ? new Map(tag).set('value', renameEntries(value, role === 'versions' ? rename : renamePrompt)) : tag)
  }
  return renamed
}
