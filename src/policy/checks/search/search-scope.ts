import type { Environment } from '../../environments/environment.ts'
import { type EvaluationContext, subjectModel } from '../../evaluation-context.ts'
import { type Clause, parseFilter } from '../../filter/filter-string.ts'
import { attributeKey } from '../../filter/name-filter.ts'
import { parseOrderBy } from '../../filter/order-by.ts'
import { placesMeaning, textMeaning, textsOf } from '../../messages/message-fields.ts'
import { findsWord } from '../../names/look-alikes.ts'
import type { NameKind } from '../../names/name-form.ts'
import { mayRead, type OwnedName, resolveName } from '../../names/names.ts'
import { findsPromotionTag, isRecordKey } from '../../promotions/promotion-tags.ts'
import { Refusal } from '../../reasons.ts'
import { modelVersionsTag, proxyTags } from '../request/tags.ts'

/** Whether a clause compares the name of the searched thing. */
export function isNameClause(clause: Clause): boolean {
  return attributeKey(clause)?.toLowerCase() === 'name'
}

/** The names that a filter's rows must have: of `=` and `IN`. */
function namesAskedFor(clauses: readonly Clause[]): string[] {
  return clauses.filter(isNameClause).flatMap(({ comparator, value }) => {
    if (comparator === '=' && value.kind === 'string') return [value.text]
    return comparator === 'IN' && value.kind === 'list' ? value.items : []
  })
}

/**
 * The owner of a name in a filter, if the caller may read it. Null for a name that nothing of theirs can have:
 * it finds nothing, whether it is another environment's or cannot be a name at all.
 */
export function resolveInFilter(
  context: Pick<EvaluationContext, 'config' | 'environment'>,
  kind: NameKind,
  name: string,
): OwnedName | null {
  const { config, environment } = context
  try {
    const owned = resolveName(config, environment, kind, name)
    const readable = owned.owner.name === environment.name || (kind === 'model' && mayRead(environment, owned.owner))
    return readable ? owned : null
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

const findsHiddenWord = findsWord([modelVersionsTag, ...proxyTags])

function findsHiddenTag(key: string): string | null {
  return findsHiddenWord(key) ?? (isRecordKey(key) ? null : findsPromotionTag(key))
}

/** Searches must not reveal what answers leave out: for example a logged model's versions in other environments. */
function refuseHiddenTags(clauses: readonly Clause[]): void {
  const hidden = clauses.map(({ key }) => findsHiddenTag(key)).find((tag) => tag !== null)
  if (hidden === undefined) return
  throw new Refusal('invalid-parameter', `The tag '${hidden}' cannot be searched for. Leave it out of the filter.`)
}

/** The owner of the rows of a search by name, or of the model in the request. */
export function findScope(context: EvaluationContext): void {
  context.scope = searchScope(context) ?? subjectModel(context)?.owner ?? context.environment
}

/** The owner of the rows of a search by name, or null if it names none. */
function searchScope(context: EvaluationContext): Environment | null {
  const { endpoint, message } = context
  const column = endpoint.search?.nameColumn ?? null
  const filter = textMeaning(endpoint, message, 'filter')
  if (filter === null) return null
  const clauses = parseFilter(filter)
  refuseHiddenTags(clauses)
  if (column === null) return null
  if (column === 'modelName' && clauses.some(({ value }) => value.kind === 'null-test')) {
    // MLflow's own parser fails on it with a 500, which clients would send again seven times.
    throw new Refusal('invalid-parameter', 'IS NULL and IS NOT NULL are not served in searches of models and versions.')
  }
  const kind = column === 'modelName' ? 'model' : 'experiment'
  const owners = namesAskedFor(clauses).flatMap((name) => resolveInFilter(context, kind, name)?.owner ?? [])
  const [scope, ...others] = owners
  if (others.some(({ name }) => name !== scope?.name)) {
    throw new Refusal('invalid-parameter', 'The filter refers to models of two environments. Search one environment at a time.')
  }
  return scope ?? null
}

/** Columns to sort by are read, so that what cannot be read is refused before anything is asked upstream. */
export function checkOrderBy({ endpoint, message }: EvaluationContext): void {
  for (const { value } of placesMeaning(endpoint, message, 'orderBy')) textsOf(value).forEach(parseOrderBy)
}
