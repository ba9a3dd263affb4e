import { Refusal } from '../reasons.ts'
import type { Json } from './json/json.ts'

const identity =
  /id|name|ur[il]|path|source|experiment|run|model|trace|user|location|artifact|root|filter|query|alias|stage|version|key|tag|token|principal|group|workspace/
const showable = /^[\w.[\]-]{1,64}$/

/** Fields of Databricks alone that are known, and refused for what they do. */
const refused: Readonly<Record<string, string>> = {
  trace_location: 'it puts traces into tables of Unity Catalog, which belong to no environment',
  owner: 'to whom what is in Unity Catalog belongs, its administrators say',
}

/** Passes a field that no described version has, unless its name, or a name inside its value, could speak of an identity. */
export function forwardUnknownField(name: string, value: Json, place: string): Json {
  if (suggestsIdentity(name, value)) throw refuseUnknownField(place, 'its name suggests that it says whose things are meant')
  return value
}

/** The refusal of a field that the message does not have. */
export function refuseUnknownField(place: string, why = 'no supported MLflow version has it'): Refusal {
  const reason = refused[snakeCase(place)]
  if (reason !== undefined)
    return new Refusal('invalid-parameter', `The field '${place}' cannot be used here: ${reason}. To go on, leave it out.`)
  const shown = showable.test(place) ? `'${place}'` : 'that this message does not have'
  return new Refusal(
    'invalid-parameter',
    `The request holds a field ${shown} which this proxy cannot check (${why}): leave it out.`,
  )
}

/** The snake_case spelling of a name. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function suggestsIdentity(name: string, value: Json): boolean {
  if (identity.test(snakeCase(name).replaceAll('_', '')) || !/^[\w]+$/.test(name)) return true
  if (Array.isArray(value)) return value.some((item) => suggestsIdentity(name, item))
  return value instanceof Map && [...value].some(([key, item]) => suggestsIdentity(key, item))
}
