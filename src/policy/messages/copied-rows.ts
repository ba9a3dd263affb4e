import type { OpenEndpoint } from '../endpoints/endpoint.ts'
import { oncePer } from '../once-per.ts'
import type { CopiedLists, RowPattern } from './json/copied-lists.ts'
import { shapeOf } from './message-shape.ts'
import { copiedTexts, rowPattern } from './row-pattern.ts'

const point = ['key', 'value', 'timestamp', 'step'] as const
const measured = [...point, 'dataset_name', 'dataset_digest', 'model_id', 'run_id'] as const

/**
 * What was measured, and with which parameters: it comes by the hundred, and nobody looks into it but where a row of the table says so.
 * Fields stand in the order in which MLflow and its clients write them.
 */
const copied: Readonly<Record<string, readonly string[]>> = {
  'mlflow.Metric': measured,
  'mlflow.ModelMetric': measured,
  'mlflow.MetricWithRunId': [...point, 'run_id'],
  // Written without protobuf, sorted.
  'handmade.MetricOfRun': ['key', 'run_id', 'step', 'timestamp', 'value'],
  'mlflow.Param': ['key', 'value'],
  'mlflow.LoggedModelParameter': ['key', 'value'],
  'mlflow.ModelParam': ['name', 'value'],
}

/** The fields of a message whose rows may be copied, in the order in which they are written; undefined where they are always read. */
export function copiedFields(message: string): readonly string[] | undefined {
  return copied[message]
}

/** The pattern of rows of a message that may be copied, without some fields; undefined where they are always read. */
export function copiedRow(
  message: string,
  from: keyof typeof copiedTexts,
  except: readonly string[] = [],
): RowPattern | undefined {
  const fields = copiedFields(message)?.filter((name) => !except.includes(name))
  return fields === undefined ? undefined : rowPattern(message, fields, copiedTexts[from])
}

/** The lists of an endpoint's requests that may be copied: of fields that name something, a row to be copied has none. */
export const copiedInRequest = oncePer(({ request, fields }: OpenEndpoint): CopiedLists => {
  const naming = Object.keys(fields).filter((selector) => fields[selector] !== 'free')
  const lists = [...shapeOf(request).fields].flatMap(([name, { repeated, message = '' }]): [string, RowPattern][] => {
    if (repeated !== true || naming.includes(name)) return []
    const inside = naming.flatMap((selector) => (selector.startsWith(`${name}[].`) ? [selector.slice(name.length + 3)] : []))
    const row = copiedRow(message, 'request', inside)
    return row === undefined ? [] : [[name, row]]
  })
  return { lists: new Map(lists), inside: new Map() }
})
