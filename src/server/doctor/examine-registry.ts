import { usesCatalog } from '../../policy/environments/environment.ts'
import type { Config } from '../config/config-types.ts'
import { workspaceRefusal } from '../upstream/workspace-answers.ts'
import type { Staffed } from './asker.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { Probe } from './probe.ts'

const search = '/api/2.0/mlflow/registered-models/search'
const searchCatalog = '/api/2.0/mlflow/unity-catalog/registered-models/search'

/** Does the workspace have the registry that the configuration names? */
export async function checkRegistry(config: Config, probe: Probe, staff: readonly Staffed[]): Promise<readonly Finding[]> {
  const asker = staff.find((each) => each.asker !== null)?.asker
  if (!asker) return []
  const said = await probe.get(usesCatalog(config) ? searchCatalog : search, { max_results: '1' }, asker.authorization)
  const refusal = workspaceRefusal(said)
  if (refusal === null) return []
  return [findingsOf(null).problem('registry-absent', refusal.message, refusal.remedy)]
}
