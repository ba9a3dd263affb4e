import { Refusal } from '../reasons.ts'
import type { Json } from './json/json.ts'

const identity =
  /id|name|ur[il]|path|source|experiment|run|model|trace|user|location|artifact|root|filter|query|alias|stage|version|key|tag|token|principal|group|workspace/
const showable = /^[\w.[\]-]{1,64}$/

/** Fields of Databricks alone that are known, and refused for what they do. */
const refused: Readonly<Record<string, string>> = {
  trace_location: 'it stores traces in Unity Catalog tables, which belong to no environment',
  owner: 'only its administrators set owners in Unity Catalog',
}

/** Passes a field that no described version has, unless its name, or a name inside its value, could speak of an identity. */
export function forwardUnknownField(name: string, value: Json, place: string): Json {
  if (suggestsIdentity(name, value)) throw refuseUnknownField(place, 'its name suggests a reference to a resource')
  return value
}

/** The refusal of a field that the message does not have. */
export function refuseUnknownField(place: string, why = 'no supported MLflow version has it'): Refusal {
  const reason = refused[snakeCase(place)]
  if (reason !== undefined)
    return new Refusal('invalid-parameter', `The field '${place}' cannot be used here: ${reason}. Leave it out.`)
  const shown = showable.test(place) ? `'${place}'` : 'that this message does not have'
  return new Refusal('invalid-parameter', `The request has a field ${shown} that this proxy cannot check (${why}): leave it out.`)
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
