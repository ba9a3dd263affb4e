import type { Staffed } from './asker.ts'
import { type Finding, findingsOf } from './finding.ts'
import { objectsIn, type Probe, textIn } from './probe.ts'

/** `file`, `s3`, …; a plain path is a file. */
function schemeOf(location: string): string {
  return /^([a-z][a-z0-9+.-]*):/i.exec(location)?.[1]?.toLowerCase() ?? 'file'
}

async function locationsOf(probe: Probe, authorization: string | null): Promise<readonly string[]> {
  const one = await probe.get('/api/2.0/mlflow/experiments/get', { experiment_id: '0' }, authorization)
  const many = await probe.get('/api/2.0/mlflow/experiments/search', { max_results: '100' }, authorization)
  const rows = [...(one.good === null ? [] : [one.good.get('experiment')]), ...objectsIn(many.good ?? undefined, 'experiments')]
  return rows.flatMap((row) => textIn(row, 'artifact_location') ?? [])
}

/** Do clients reach artifacts through the proxy, or with credentials of their own? */
export async function checkStorage(probe: Probe, staff: readonly Staffed[]): Promise<readonly Finding[]> {
  const { note, fine } = findingsOf(null)
  const asker = staff.find((each) => each.asker !== null)?.asker
  if (asker == null) return []
  const locations = await locationsOf(probe, asker.authorization)
  const direct = locations.filter((location) => schemeOf(location) !== 'mlflow-artifacts')
  if (direct.length === 0) return [fine('storage', `Artifacts of ${locations.length} experiments go through the proxy.`)]
  const schemes = [...new Set(direct.map(schemeOf))].sort()
  return schemes.map((scheme) => {
    const count = direct.filter((location) => schemeOf(location) === scheme).length
    const message = `Clients reach the artifacts of ${count} of ${locations.length} experiments at ${scheme}: locations with their own storage credentials, not through the proxy.`
    const remedy =
      scheme === 'file'
        ? 'Such artifacts are on each client’s own disk: start MLflow with --serve-artifacts, and use experiment locations in mlflow-artifacts:/.'
        : 'That storage needs permissions of its own for each environment. Or start MLflow with --serve-artifacts, so that artifacts go through the proxy.'
    return note('storage-direct', message, remedy)
  })
}
