/** Things of experiments that are known by an id which says nothing of their owner. */
export type EntityKind = 'dataset' | 'issue' | 'labelSchema' | 'reviewQueue'

const forms: Readonly<Record<EntityKind, RegExp>> = {
  dataset: /^d-[0-9a-f]{32}$/,
  issue: /^iss-[0-9a-f]{32}$/,
  labelSchema: /^ls-[0-9a-f]{32}$/,
  reviewQueue: /^rq-[0-9a-f]{32}$/,
}

/** Whether the text is an id of such a thing as MLflow makes it. */
export function isEntityId(kind: EntityKind, text: string): boolean {
  return forms[kind].test(text)
}
