import type { ExperimentFact } from '../../policy/fact-query.ts'
import { attributeClause, printFilter } from '../../policy/filter/filter-string.ts'
import type { UpstreamName } from '../../policy/names/names.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import { readExperiment, readFound, textIn } from './look-up-answers.ts'
import type { LookUps } from './look-ups.ts'

/** The id of the experiment with this name; null if there is none. */
export async function experimentOfName(
  upstream: Upstream,
  caller: CallerCredentials,
  name: UpstreamName,
): Promise<string | null> {
  const found = readFound(await upstream.lookUp('/api/2.0/mlflow/experiments/get-by-name', { experiment_name: name }, caller))
  return found === null ? null : readExperiment(found).id
}

/** How many experiments a search can name: safely below what databases accept in one list. */
const most = 1_000

/** The experiments whose names match a `LIKE` pattern, including deleted ones; null if there are more than a search can name. */
export async function experimentsNamed(lookUps: LookUps, pattern: string): Promise<readonly ExperimentFact[] | null> {
  const filter = printFilter([attributeClause('name', 'LIKE', { kind: 'string', text: pattern })])
  const query = { filter, view_type: 'ALL', max_results: String(most) }
  const found = await lookUps.find('/api/2.0/mlflow/experiments/search', query)
  if (found === null || textIn(found, 'next_page_token') !== null) return null
  const rows = found.get('experiments')
  return (Array.isArray(rows) ? rows : []).map((row) => readExperiment(new Map([['experiment', row]])))
}
