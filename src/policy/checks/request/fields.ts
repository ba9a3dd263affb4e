import type { EvaluationContext } from '../../evaluation-context.ts'
import { missingValue } from '../../messages/invalid-value.ts'
import type { Json, JsonObject } from '../../messages/json/json.ts'
import { placesAt, placesMeaning } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'

type Asked = Pick<EvaluationContext, 'endpoint' | 'message'>

function isGiven(value: Json | undefined): boolean {
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)
}

/** How many values a required field must have: one, or one for each item of a list. */
function countRequired(message: JsonObject, name: string): number {
  const [list = ''] = name.split('[].')
  const items = message.get(list)
  return list !== name && Array.isArray(items) ? items.length : 1
}

/** Fields without which MLflow refuses the request. */
export function checkRequiredFields({ endpoint, message }: Asked): void {
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

/** MLflow reads only one of the two spellings of a run's id. */
export function checkOneRunId({ message }: Asked): void {
  const runId = message.get('run_id')
  const runUuid = message.get('run_uuid')
  if (isGiven(runId) && isGiven(runUuid) && runId !== runUuid) {
    throw new Refusal('invalid-parameter', 'run_id and run_uuid are different runs. Send the same id in both, or only run_id.')
  }
}

/** Fields that no client of an open-source server sends, and that could contain foreign references. */
export function checkNotServed({ endpoint, message }: Asked): void {
  for (const { selector, value } of placesMeaning(endpoint, message, 'notServed')) {
    if (Array.isArray(value) && value.length === 0) continue
    throw new Refusal('invalid-parameter', `The field '${selector}' is not served by this proxy: leave it out.`)
  }
}
