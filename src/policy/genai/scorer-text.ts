import type { Json } from '../messages/json/json.ts'
import { parseIfJson, printJson } from '../messages/json/json-text.ts'

/** How a scorer names an endpoint of the AI gateway. */
const uri = /^gateway:\/([A-Za-z0-9_.-]+)$/
/** What MLflow, or one of its libraries, may read as such a name, however it is written. */
const resembling = /^\s*(?:gateway|endpoints):\//i
const nested = /^\s*[[{"].*(?:gateway|endpoints):\\?\//is

function mapTexts(value: Json, map: (text: string) => Json): Json {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map))
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, mapTexts(item, map)]))
  return value
}

/** The endpoints that a scorer names, and whether it says anything that could be read as another one. */
export function gatewayNamesIn(scorer: Json): { readonly names: readonly string[]; readonly unclear: boolean } {
  const names: string[] = []
  let unclear = false
  mapTexts(scorer, (text) => {
    const name = uri.exec(text)?.[1]
    if (name !== undefined) names.push(name)
    else unclear ||= resembling.test(text) || nested.test(text)
    return text
  })
  return { names, unclear }
}

/** A scorer as MLflow writes it, which may hold what is no JSON's number; undefined for what is no JSON. */
export function parseScorer(text: string): Json | undefined {
  return parseIfJson(text, { allowNaN: true })
}

/**
 * A scorer's text with other names for the endpoints that it names; null for none. Without any, it stays as it is, letter by letter; what
 * is no scorer is shown as nothing.
 */
export function renameInScorer(text: string, rename: (name: string) => string | null): string {
  const scorer = parseScorer(text)
  if (scorer === undefined) return ''
  if (gatewayNamesIn(scorer).names.length === 0) return text
  const renamed = mapTexts(scorer, (value) => {
    const name = uri.exec(value)?.[1]
    if (name === undefined) return value
    const other = rename(name)
    return other === null ? null : `gateway:/${other}`
  })
  return printJson(renamed)
}
