import type { OpenEndpoint } from '../../endpoints/endpoint.ts'
import type { Json, JsonObject } from '../../messages/json/json.ts'
import { parseIfJson } from '../../messages/json/json-text.ts'
import { placesMeaning } from '../../messages/message-fields.ts'

/** What stands before a tag's key in an attribute of the root span: MLflow makes a tag of it. */
export const tagAttribute = 'mlflow.traceTag.'

/** The key and the text of an attribute; '' if it is not a text. */
export function attributePair(attribute: Json): [key: string, value: string] {
  const [key, value] = attribute instanceof Map ? [attribute.get('key'), attribute.get('value')] : []
  const text = value instanceof Map ? value.get('string_value') : undefined
  return [typeof key === 'string' ? key : '', typeof text === 'string' ? text : '']
}

/** MLflow's own clients write a text as JSON. */
function plain(text: string): string {
  if (!text.startsWith('"')) return text
  const value = parseIfJson(text)
  return typeof value === 'string' ? value : text
}

function attributesOf(value: Json | undefined): [key: string, value: string][] {
  return (Array.isArray(value) ? value : []).map(attributePair)
}

/** What an export writes as tags, or could point with: pairs of keys and texts. */
export function exportedPairs({
  endpoint,
  message,
}: {
  endpoint: OpenEndpoint
  message: JsonObject
}): [key: string, value: string][] {
  const ofResources = placesMeaning(endpoint, message, 'resourceAttributes').flatMap(({ value }) =>
    attributesOf(value instanceof Map ? value.get('attributes') : undefined),
  )
  const ofSpans = placesMeaning(endpoint, message, 'spanAttributes').flatMap(({ value }) => attributesOf(value))
  return [...ofResources, ...ofSpans].map(([key, value]) => [
    key.startsWith(tagAttribute) ? key.slice(tagAttribute.length) : key,
    plain(value),
  ])
}
