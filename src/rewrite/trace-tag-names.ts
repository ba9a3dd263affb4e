import { isLinkedPrompts, isPlaceTag } from '../policy/checks/traces/trace-tags.ts'
import type { Json, JsonObject } from '../policy/messages/json/json.ts'
import { renameEntries } from './tag-names.ts'

type MapTag = (key: string, value: string) => string | null

/** Tags or metadata with each value mapped, as a list or as a map; those without a value any more are left out. */
function mapTags(tags: Json, map: MapTag): Json {
  const mapped = (key: Json | undefined, value: Json | undefined) =>
    typeof key === 'string' && typeof value === 'string' ? map(key, value) : (value ?? null)
  if (tags instanceof Map) {
    const kept: JsonObject = new Map()
    for (const [key, value] of tags) {
      const next = mapped(key, value)
      if (next !== null) kept.set(key, next)
    }
    return kept
  }
  if (!Array.isArray(tags)) return tags
  return tags.flatMap((tag): Json[] => {
    if (!(tag instanceof Map)) return [tag]
    const next = mapped(tag.get('key'), tag.get('value'))
    if (next === null) return tag.has('value') ? [] : [tag]
    return [new Map(tag).set('value', next)]
  })
}

/** What a client writes: with prompts in upstream names, and without what MLflow alone says (clients give it back as they got it). */
export function upstreamTraceTags(tags: Json, rename: (name: string) => string | null): Json {
  return mapTags(tags, (key, value) => {
    if (isPlaceTag(key)) return null
    return isLinkedPrompts(key) && value !== '' ? renameEntries(value, rename) : value
  })
}

/** What a client reads: prompts in its own names, and the place of a trace's data as clients should see it. */
export function clientTraceTags(tags: Json, rename: (name: string) => string | null, location: (uri: string) => string): Json {
  return mapTags(tags, (key, value) => {
    if (isPlaceTag(key)) return location(value)
    return isLinkedPrompts(key) && value !== '' ? renameEntries(value, rename) : value
  })
}
