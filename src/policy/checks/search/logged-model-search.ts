import type { EvaluationContext } from '../../evaluation-context.ts'
import { parseFilter } from '../../filter/filter-string.ts'
import { attributeKey } from '../../filter/name-filter.ts'
import { placesAt, textMeaning } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'

/** Of a logged model, by every name that MLflow has for it (mlflow/store/tracking/dbmodels/models.py). */
const columns: ReadonlySet<string> = new Set([
  'name',
  'model_id',
  'model_type',
  'status',
  'source_run_id',
  'experiment_id',
  'creation_time',
  'creation_timestamp',
  'creation_timestamp_ms',
  'last_updated_time',
  'last_updated_timestamp',
  'last_updated_timestamp_ms',
])

function checkColumn(name: string): void {
  if (columns.has(name)) return
  throw new Refusal(
    'invalid-parameter',
    'Logged models have no such attribute: search by name, model_type, status, tags, params or metrics.',
  )
}

/** MLflow resolves unknown columns as attributes of its own classes and fails with 500, which clients retry. */
export function checkLoggedModelSearch({ endpoint, message }: EvaluationContext): void {
  for (const clause of parseFilter(textMeaning(endpoint, message, 'filter') ?? '')) {
    const column = attributeKey(clause)
    if (column !== null) checkColumn(column)
  }
  for (const { value } of placesAt(message, 'order_by[].field_name')) {
    if (typeof value === 'string' && !value.includes('.')) checkColumn(value)
  }
}
