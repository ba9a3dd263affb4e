import { foreignName, type Judgement } from '../judgement.ts'
import type { Environment } from '../environment.ts'
import { textMeaning } from '../message-fields.ts'
import { mayRead, type NameKind, type OwnedName, resolveName } from '../names.ts'
import { Refusal } from '../reasons.ts'
import { type Clause, parseFilter } from '../../rewrite/filter-string.ts'
import { attributeKey } from '../../rewrite/name-filter.ts'

/** Whether a clause compares the name of the searched thing. */
export function isNameClause(clause: Clause): boolean {
  return attributeKey(clause)?.toLowerCase() === 'name'
}

/** The names that a filter's rows must have: of `=` and `IN`. */
export function namesAskedFor(clauses: readonly Clause[]): string[] {
  return clauses.filter(isNameClause).flatMap(({ comparator, value }) => {
    if (comparator === '=' && value.kind === 'string') return [value.text]
    return comparator === 'IN' && value.kind === 'list' ? value.items : []
  })
}

/** The owner of a name in a filter; a name that nothing can have is the caller's own, and finds nothing. */
export function resolveInFilter(judgement: Pick<Judgement, 'landscape' | 'environment'>, kind: NameKind, name: string): OwnedName | null {
  try {
    return resolveName(judgement.landscape, judgement.environment, kind, name)
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

/** Whose rows a search by name is for, or null when it names none. A foreign name is refused as anywhere else. */
export function searchScope(judgement: Judgement): Environment | null {
  const { endpoint, message, environment } = judgement
  const column = endpoint.search?.nameColumn ?? null
  const filter = textMeaning(endpoint, message, 'filter')
  if (filter === null) return null
  const clauses = parseFilter(filter)
  if (column === null) return null
  const kind = column === 'modelName' ? 'model' : 'experiment'
  let scope: Environment | null = null
  for (const name of namesAskedFor(clauses)) {
    const owner = resolveInFilter(judgement, kind, name)?.owner ?? environment
    const own = owner.name === environment.name
    if (!own && !(kind === 'model' && mayRead(environment, owner))) throw foreignName(environment, kind, name)
    if (scope !== null && scope.name !== owner.name) {
      throw new Refusal('invalid-parameter', 'The filter names models of two environments. Search one environment at a time.')
    }
    scope = owner
  }
  return scope
}
