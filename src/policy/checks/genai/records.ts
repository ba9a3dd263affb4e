import type { EvaluationContext } from '../../evaluation-context.ts'
import type { Json, JsonObject } from '../../messages/json/json.ts'
import { parseJson } from '../../messages/json/json-text.ts'
import { textMeaning } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'

/** Keys under which MLflow and its clients keep the trace that a record was made of (mlflow/entities/dataset_record_source.py). */
const traceKeys: ReadonlySet<string> = new Set(['trace_id', 'request_id'])

function tracesIn(value: Json, key = ''): string[] {
  if (typeof value === 'string') return traceKeys.has(key) && value !== '' ? [value] : []
  if (Array.isArray(value)) return value.flatMap((item) => tracesIn(item, key))
  return value instanceof Map ? [...value].flatMap(([name, item]) => tracesIn(item, name)) : []
}

/** The fields of a record that may refer to something else. Its questions and answers are free, and skipped. */
const judged: ReadonlySet<string> = new Set(['source', 'tags'])

/** Parsed records, because a request's are needed more than once. */
const read = new WeakMap<JsonObject, readonly ReadonlyMap<string, Json>[]>()

/** The records of a request to a data set. Throws `invalid-parameter` for another form than a list of objects. */
function recordsOf({ endpoint, message }: EvaluationContext): readonly ReadonlyMap<string, Json>[] {
  const text = textMeaning(endpoint, message, 'recordsJson')
  if (text === null) return []
  const known = read.get(message)
  if (known !== undefined) return known
  // Clients send their records by the thousand: each has a source and some tags.
  const records = parseJson(text, { allowNaN: true, maxKeys: 400_000, members: judged })
  const objects = (Array.isArray(records) ? records : [null]).filter((record) => record instanceof Map)
  if (Array.isArray(records) && objects.length === records.length) {
    read.set(message, objects)
    return objects
  }
  throw new Refusal('invalid-parameter', 'The records must be a JSON list of objects.')
}

/** Ids of the traces that records say they were made of. */
export function recordTraces(context: EvaluationContext): string[] {
  return recordsOf(context).flatMap((record) => tracesIn(record.get('source') ?? null))
}

/** The tags of all records, as pairs. */
export function recordTags(context: EvaluationContext): [key: string, value: string][] {
  const tags = recordsOf(context).flatMap((record) => {
    const own = record.get('tags')
    return own instanceof Map ? [...own] : []
  })
  return tags.map(([key, value]) => [key, typeof value === 'string' ? value : ''])
}
