import { readings } from '../names/look-alikes.ts'

/** Things of experiments that are known by an id which says nothing of their owner. */
export type EntityKind = 'dataset' | 'issue' | 'labelSchema' | 'reviewQueue' | 'scorer'

const forms: Readonly<Record<EntityKind, RegExp>> = {
  dataset: /^d-[0-9a-f]{32}$/,
  // Since MLflow 3.18 clients may choose it (mlflow/utils/issue_utils.py).
  issue: /^iss-[A-Za-z0-9_-]{1,32}$/,
  labelSchema: /^ls-[0-9a-f]{32}$/,
  reviewQueue: /^rq-[0-9a-f]{32}$/,
  scorer: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
}

/** Whether the text is an id of such a thing as MLflow has them. */
export function isEntityId(kind: EntityKind, text: string): boolean {
  return forms[kind].test(text)
}

/** Whether the text is no id of such a thing, but what a database or a person could take for one. */
export function resemblesEntityId(kind: EntityKind, text: string): boolean {
  if (isEntityId(kind, text)) return false
  return readings(text).some((reading) => isEntityId(kind, reading.replace(/[^0-9a-z-]/g, '')))
}
