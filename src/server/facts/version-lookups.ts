import type { Answer, FactQuery, VersionFact } from '../../policy/fact-query.ts'
import { attributeClause, printFilter } from '../../policy/filter/filter-string.ts'
import { readings } from '../../policy/names/look-alikes.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Query } from './all-pages.ts'
import { readVersion } from './look-up-answers.ts'
import type { LookUps } from './look-ups.ts'

const api = '/api/2.0/mlflow'

/** A query about versions of registered models. */
type VersionQuery = Extract<
  FactQuery,
  { about: 'version' | 'artifactsOfVersion' | 'alias' | 'productionVersions' | `versions${string}` }
>

async function findVersion(lookUps: LookUps, path: string, query: Query): Promise<VersionFact | null> {
  const found = await lookUps.find(`${api}/${path}`, query)
  return found === null ? null : readVersion(found.get('model_version'))
}

async function artifactsOf(lookUps: LookUps, query: Query): Promise<string | null> {
  const uri = (await lookUps.find(`${api}/model-versions/get-download-uri`, query))?.get('artifact_uri')
  return typeof uri === 'string' && uri !== '' ? uri : null
}

/** Without a registry there are no versions. */
async function search(lookUps: LookUps, key: string, comparator: '=' | 'LIKE', value: string): Promise<readonly VersionFact[]> {
  const filter = printFilter([attributeClause(key, comparator, { kind: 'string', text: value })])
  try {
    const rows = await lookUps.findAll(`${api}/model-versions/search`, { filter, max_results: '1000' }, 'model_versions')
    return (rows ?? []).map(readVersion)
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'registry-absent') return []
    throw error
  }
}

/** By run id and, if `fresh`, by a source inside the run. */
async function ofRun(lookUps: LookUps, runId: string, fresh: boolean): Promise<readonly VersionFact[]> {
  const byRun = () => search(lookUps, 'run_id', '=', runId)
  if (!fresh) return lookUps.remember(lookUps.memory.versionsOfRun, runId, byRun)
  return (await Promise.all([byRun(), search(lookUps, 'source_path', 'LIKE', `%/${runId}/%`)])).flat()
}

async function inProduction(lookUps: LookUps, suffixes: readonly string[]): Promise<readonly VersionFact[]> {
  const all = await search(lookUps, 'name', 'LIKE', '%')
  // A database may treat another spelling as the suffix.
  const ends = (name: string) => suffixes.some((suffix) => readings(name).some((text) => text.endsWith(suffix.toLowerCase())))
  return all.filter(({ name, stage }) => stage === 'Production' || ends(name))
}

/** Look-ups of versions of registered models. Only those of a run are cached. */
export async function findVersions(lookUps: LookUps, query: VersionQuery, fresh: boolean): Promise<Answer> {
  switch (query.about) {
    case 'version':
      return findVersion(lookUps, 'model-versions/get', { name: query.name, version: query.version })
    case 'alias':
      return findVersion(lookUps, 'registered-models/alias', { name: query.name, alias: query.alias })
    case 'artifactsOfVersion':
      return artifactsOf(lookUps, { name: query.name, version: query.version })
    case 'versionsOfModel':
      return search(lookUps, 'name', '=', query.name)
    case 'versionsOfRun':
      return ofRun(lookUps, query.runId, fresh || query.fresh)
    case 'versionsFromSource':
      return search(lookUps, 'source_path', '=', query.source)
    case 'versionsOfLoggedModel':
      return search(lookUps, 'source_path', 'LIKE', `%${query.id}%`)
    case 'productionVersions':
      return inProduction(lookUps, query.suffixes)
  }
}
