import { upstreamExperimentId } from '../../policy/checks/runs/owned-ids.ts'
import { isNameClause, resolveInFilter } from '../../policy/checks/search/search-scope.ts'
import type { Search } from '../../policy/endpoints/endpoint.ts'
import { attributeClause, type Clause, parseFilter, printFilter } from '../../policy/filter/filter-string.ts'
import { attributeKey, mapNames } from '../../policy/filter/name-filter.ts'
import type { Grant, GrantContext } from '../../policy/grant.ts'
import { textMeaning } from '../../policy/messages/message-fields.ts'
import { renameModelUri, renamePatternOfModelUris } from '../../policy/names/model-uri.ts'
import { inNormalForm } from '../../policy/names/name-form.ts'
import { storedPattern } from '../../policy/names/names.ts'
import { splitFilter } from './workspace-filter.ts'

/** The `LIKE` pattern that an environment's own names fit: `_` in it is a wildcard, so rows are looked at once more. */
function ownPattern(column: 'modelName' | 'experimentName', { config, scope }: GrantContext, pattern: string): string {
  return storedPattern(config, column === 'modelName' ? 'model' : 'experiment', scope, pattern)
}

/** How the name of a model in a version's source is written, by the comparator; in a pattern it may be followed by anything. */
const sourceReaders: Readonly<Record<string, typeof renameModelUri>> = {
  '=': renameModelUri,
  '!=': renameModelUri,
  LIKE: renamePatternOfModelUris,
  ILIKE: renamePatternOfModelUris,
}

function mapSources(clause: Clause, context: GrantContext): Clause {
  const { value } = clause
  if (attributeKey(clause)?.toLowerCase() !== 'source_path' || value.kind !== 'string' || !(clause.comparator in sourceReaders))
    return clause
  const rename = (name: string) => resolveInFilter(context, 'model', name)?.upstream ?? null
  return { ...clause, value: { kind: 'string', text: sourceReaders[clause.comparator]?.(value.text, rename) ?? value.text } }
}

/** The caller's `0` is their environment's default experiment. */
function mapExperimentIds(clause: Clause, { defaultExperimentId }: GrantContext): Clause {
  const { value } = clause
  if (attributeKey(clause) !== 'experiment_id') return clause
  const upstream = (id: string) => upstreamExperimentId(id, defaultExperimentId)
  if (value.kind === 'list') return { ...clause, value: { kind: 'list', items: value.items.map(upstream) } }
  return value.kind === 'string' ? { ...clause, value: { kind: 'string', text: upstream(value.text) } } : clause
}

/** The pattern of `LIKE` for a caller's pattern, to which a name's leading slash makes no difference. */
function upstreamPattern(column: 'modelName' | 'experimentName', context: GrantContext, said: string): string {
  const pattern = inNormalForm(said)
  if (column === 'modelName') return ownPattern(column, context, pattern)
  const { experimentRoot } = context.scope
  const plain = pattern.startsWith(`${experimentRoot}/`) ? pattern.slice(experimentRoot.length) : pattern
  // What comes after anything may be the slash itself. Rows beside the root are others', and left out like theirs.
  return /^%+[/_]/.test(plain) ? `${experimentRoot}${plain}` : ownPattern(column, context, plain.replace(/^\//, ''))
}

/**
 * The registry of a Databricks workspace takes one condition. One of the caller's goes, where there is one: the others, and whose its rows
 * are, is seen to afterwards. There `LIKE 'fraud'` finds every name with `fraud` in it, so the caller's name is a part.
 */
function workspaceFilter(clauses: readonly Clause[], column: 'modelName', context: GrantContext): string {
  const { sent } = splitFilter(clauses)
  if (sent === null)
    return printFilter([attributeClause('name', 'LIKE', { kind: 'string', text: ownPattern(column, context, '%') })])
  const exact = (name: string) => resolveInFilter(context, 'model', name)?.upstream ?? ownPattern(column, context, name)
  const pattern = (text: string) => ownPattern(column, context, `%${inNormalForm(text).replace(/^%|%$/g, '')}%`)
  return printFilter(mapNames(sent, isNameClause, { exact, pattern }).map((clause) => mapSources(clause, context)))
}

/** The conditions of a search that are not sent: its rows are held against them. */
export function clausesLeft({ endpoint, message, context }: Grant): readonly Clause[] {
  if (context.config.kind !== 'databricks' || endpoint.search?.nameColumn !== 'modelName') return []
  return splitFilter(parseFilter(textMeaning(endpoint, message, 'filter') ?? '')).left
}

/** The filter that goes upstream: in upstream names, and narrowed to the rows that the caller may see. */
export function upstreamFilter(filter: string, search: Search | undefined, context: GrantContext): string {
  const clauses = parseFilter(filter).map((clause) => mapExperimentIds(clause, context))
  const column = search?.nameColumn ?? null
  if (column === null) return printFilter(clauses)
  const kind = column === 'modelName' ? 'model' : 'experiment'
  const exact = (name: string) => resolveInFilter(context, kind, name)?.upstream ?? ownPattern(column, context, name)
  const pattern = (text: string) => upstreamPattern(column, context, text)
  if (context.config.kind === 'databricks' && column === 'modelName') return workspaceFilter(clauses, column, context)
  const mapped = mapNames(clauses, isNameClause, { exact, pattern }).map((clause) => mapSources(clause, context))
  const own = attributeClause('name', 'LIKE', { kind: 'string', text: ownPattern(column, context, '%') })
  return printFilter([...mapped, own])
}
