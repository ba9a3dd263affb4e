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

/** Whether a tag is the proxy's own and hidden: the record of a promotion is shown. */
function isHidden(key: Json | undefined): boolean {
  return typeof key === 'string' && findsProxyTag(key) !== null && !isRecordKey(key)
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
  return tags.flatMap((tag) => {
    if (!(tag instanceof Map) || isHidden(tag.get('key'))) return []
    const value = tag.get('value')
    const key = tag.get('key')
    if (typeof key !== 'string' || typeof value !== 'string') return [tag]
    if (mayBeOne(key, modelVersionsTag)) return [new Map(tag).set('value', renameEntries(value, rename))]
    return isLinkedPrompts(key) && value !== '' ? [new Map(tag).set('value', renameEntries(value, renamePrompt))] : [tag]
  })
}
