import { resolveInFilter } from '../../policy/checks/search/search-scope.ts'
import { isPromptClause, promptOf } from '../../policy/checks/traces/trace-filter.ts'
import { type Clause, parseFilter, printFilter } from '../../policy/filter/filter-string.ts'
import type { GrantContext } from '../../policy/grant.ts'

/** A prompt that is not the caller's, or can be no name, is looked for under a name of theirs that nothing has. */
function upstreamPrompt(clause: Clause, context: GrantContext): Clause {
  const { name, version } = promptOf(clause)
  const upstream = resolveInFilter(context, 'model', name)?.upstream ?? `${name}${context.environment.modelSuffix}`
  return { ...clause, value: { kind: 'string', text: `${upstream}/${version}` } }
}

/** A filter of traces in upstream names: those of prompts are the only ones in it. */
export function upstreamTraceFilter(filter: string, context: GrantContext): string {
  return printFilter(parseFilter(filter).map((clause) => (isPromptClause(clause) ? upstreamPrompt(clause, context) : clause)))
}
