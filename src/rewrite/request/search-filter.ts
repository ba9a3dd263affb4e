import { upstreamExperimentId } from '../../policy/checks/runs/owned-ids.ts'
import { isNameClause, resolveInFilter } from '../../policy/checks/search/search-scope.ts'
import type { Search } from '../../policy/endpoints/endpoint.ts'
import { attributeClause, type Clause, parseFilter, printFilter } from '../../policy/filter/filter-string.ts'
import { attributeKey, mapNames } from '../../policy/filter/name-filter.ts'
import type { Findings, Grant } from '../../policy/grant.ts'
import { textMeaning } from '../../policy/messages/message-fields.ts'
import { renameModelUri, renamePatternOfModelUris } from '../../policy/names/model-uri.ts'
import { inNormalForm } from '../../policy/names/name-form.ts'
import { storedPattern } from '../../policy/names/names.ts'
import { splitFilter } from './workspace-filter.ts'

/** The `LIKE` pattern that an environment's own names fit: `_` in it is a wildcard, so rows are looked at once more. */
function ownPattern(column: 'modelName' | 'experimentName', { landscape, scope }: Findings, pattern: string): string {
  return storedPattern(landscape, column === 'modelName' ? 'model' : 'experiment', scope, pattern)
}

/** How the name of a model in a version's source is written, by the comparator; in a pattern it may be followed by anything. */
const sourceReaders: Readonly<Record<string, typeof renameModelUri>> = {
  '=': renameModelUri,
  '!=': renameModelUri,
  LIKE: renamePatternOfModelUris,
  ILIKE: renamePatternOfModelUris,
}

function mapSources(clause: Clause, findings: Findings): Clause {
  const { value } = clause
  if (attributeKey(clause)?.toLowerCase() !== 'source_path' || value.kind !== 'string' || !(clause.comparator in sourceReaders))
    return clause
  const rename = (name: string) => resolveInFilter(findings, 'model', name)?.upstream ?? null
  return { ...clause, value: { kind: 'string', text: sourceReaders[clause.comparator]?.(value.text, rename) ?? value.text } }
}

/** The caller's `0` is their environment's default experiment. */
function mapExperimentIds(clause: Clause, { defaultExperimentId }: Findings): Clause {
  const { value } = clause
  if (attributeKey(clause) !== 'experiment_id') return clause
  const upstream = (id: string) => upstreamExperimentId(id, defaultExperimentId)
  if (value.kind === 'list') return { ...clause, value: { kind: 'list', items: value.items.map(upstream) } }
  return value.kind === 'string' ? { ...clause, value: { kind: 'string', text: upstream(value.text) } } : clause
}

/** The pattern of `LIKE` for a caller's pattern, to which a name's leading slash makes no difference. */
function upstreamPattern(column: 'modelName' | 'experimentName', findings: Findings, said: string): string {
  const pattern = inNormalForm(said)
  if (column === 'modelName') return ownPattern(column, findings, pattern)
  const { experimentRoot } = findings.scope
  const plain = pattern.startsWith(`${experimentRoot}/`) ? pattern.slice(experimentRoot.length) : pattern
  // What comes after anything may be the slash itself. Rows beside the root are others', and left out like theirs.
  return /^%+[/_]/.test(plain) ? `${experimentRoot}${plain}` : ownPattern(column, findings, plain.replace(/^\//, ''))
}

/**
 * The registry of a Databricks workspace takes one condition. One of the caller's goes, where there is one: the others, and whose its rows
 * are, is seen to afterwards. There `LIKE 'fraud'` finds every name with `fraud` in it, so the caller's name is a part.
 */
function workspaceFilter(clauses: readonly Clause[], column: 'modelName', findings: Findings): string {
  const { sent } = splitFilter(clauses)
  if (sent === null)
    return printFilter([attributeClause('name', 'LIKE', { kind: 'string', text: ownPattern(column, findings, '%') })])
  const exact = (name: string) => resolveInFilter(findings, 'model', name)?.upstream ?? ownPattern(column, findings, name)
  const pattern = (text: string) => ownPattern(column, findings, `%${inNormalForm(text).replace(/^%|%$/g, '')}%`)
  return printFilter(mapNames(sent, isNameClause, { exact, pattern }).map((clause) => mapSources(clause, findings)))
}

/** The conditions of a search that are not sent: its rows are held against them. */
export function clausesLeft({ endpoint, message, findings }: Grant): readonly Clause[] {
  if (findings.landscape.kind !== 'databricks' || endpoint.search?.nameColumn !== 'modelName') return []
  return splitFilter(parseFilter(textMeaning(endpoint, message, 'filter') ?? '')).left
}

/** The filter that goes upstream: in upstream names, and narrowed to the rows that the caller may see. */
export function upstreamFilter(filter: string, search: Search | undefined, findings: Findings): string {
  const clauses = parseFilter(filter).map((clause) => mapExperimentIds(clause, findings))
  const column = search?.nameColumn ?? null
  if (column === null) return printFilter(clauses)
  const kind = column === 'modelName' ? 'model' : 'experiment'
  const exact = (name: string) => resolveInFilter(findings, kind, name)?.upstream ?? ownPattern(column, findings, name)
  const pattern = (text: string) => upstreamPattern(column, findings, text)
  if (findings.landscape.kind === 'databricks' && column === 'modelName') return workspaceFilter(clauses, column, findings)
  const mapped = mapNames(clauses, isNameClause, { exact, pattern }).map((clause) => mapSources(clause, findings))
  const own = attributeClause('name', 'LIKE', { kind: 'string', text: ownPattern(column, findings, '%') })
  return printFilter([...mapped, own])
}
