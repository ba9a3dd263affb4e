import type { OpenEndpoint } from '../../endpoints/endpoint.ts'
import type { UpstreamKind } from '../../environments/environment.ts'
import { parseOrderBy } from '../../filter/order-by.ts'
import { searchedExperiments } from '../../locations/experiment-locations.ts'
import { missingValue } from '../../messages/invalid-value.ts'
import type { Json, JsonObject } from '../../messages/json/json.ts'
import { placesAt, placesMeaning, textsOf } from '../../messages/message-fields.ts'
import { isExperimentId, isHexExperimentId, isVersion } from '../../names/ids.ts'
import { Refusal } from '../../reasons.ts'

function isGiven(value: Json | undefined): boolean {
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)
}

/** How many values a required field must have: one, or one for each item of a list. */
function countRequired(message: JsonObject, name: string): number {
  const [list = ''] = name.split('[].')
  const items = message.get(list)
  return list !== name && Array.isArray(items) ? items.length : 1
}

function requireFields(endpoint: OpenEndpoint, message: JsonObject): void {
  // The web UI searches in no place at all, and finds nothing there.
  const isNoPlace = (value: Json) => endpoint.search !== undefined && Array.isArray(value)
  const isSaid = (name: string) =>
    placesAt(message, name).filter(({ value }) => isGiven(value) || isNoPlace(value)).length >= countRequired(message, name)
  for (const spellings of endpoint.required) {
    const names = spellings.split('|')
    if (names.some(isSaid)) continue
    throw missingValue(names[0] ?? '')
  }
}

function requireOneRunId(message: JsonObject): void {
  const runId = message.get('run_id')
  const runUuid = message.get('run_uuid')
  if (isGiven(runId) && isGiven(runUuid) && runId !== runUuid) {
    throw new Refusal('invalid-parameter', 'run_id and run_uuid name different runs. Send the same id in both, or run_id alone.')
  }
}

/** MLflow's own sentence for what is no version, with what it says nothing of: that `01` and ` 1` are refused too. */
export function notVersion(parameter: string, value: string): Refusal {
  const got = value.length <= 64 ? `, got '${value}'` : ''
  return new Refusal(
    'invalid-parameter',
    `Parameter '${parameter}' must be an integer${got}. Write it as a positive decimal number without signs, spaces or leading zeros.`,
  )
}

/** MLflow's own sentence, with what it says nothing of: that `01` and ` 1` are refused too. */
function notExperimentId(id: string): Refusal {
  const shown = id.length <= 64 ? ` '${id}'` : ''
  return new Refusal(
    'invalid-parameter',
    `Invalid experiment ID${shown}. Experiment ID must be a valid integer. Write it as a decimal number without signs, spaces or leading zeros.`,
  )
}

function requireExperimentIds(endpoint: OpenEndpoint, message: JsonObject, kind: UpstreamKind): void {
  const given = placesMeaning(endpoint, message, 'experiment', 'experiments').flatMap(({ value }) => textsOf(value))
  for (const id of [...given, ...searchedExperiments(endpoint, message)]) {
    if (isExperimentId(id) && (kind === 'databricks' || !isHexExperimentId(id))) continue
    throw notExperimentId(id)
  }
}

/** Parts of a message that no client of an open-source server sends, and that could name what is another's. */
function refuseNotServed(endpoint: OpenEndpoint, message: JsonObject): void {
  for (const { selector, value } of placesMeaning(endpoint, message, 'notServed')) {
    if (Array.isArray(value) && value.length === 0) continue
    throw new Refusal('invalid-parameter', `The field '${selector}' is not served by this proxy: leave it out.`)
  }
}

/** What needs no look-up: required fields are there, ids are written in the one way that every reader reads alike. */
export function checkShape(endpoint: OpenEndpoint, message: JsonObject, kind: UpstreamKind = 'mlflow'): void {
  requireFields(endpoint, message)
  requireOneRunId(message)
  requireExperimentIds(endpoint, message, kind)
  refuseNotServed(endpoint, message)
  for (const { selector, value } of placesMeaning(endpoint, message, 'version')) {
    if (typeof value === 'string' && !isVersion(value)) throw notVersion(selector, value)
  }
  // Read here, so that what cannot be read is refused before anything is asked upstream.
  for (const { value } of placesMeaning(endpoint, message, 'orderBy')) textsOf(value).forEach(parseOrderBy)
}
