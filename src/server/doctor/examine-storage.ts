import type { Examination } from './asker.ts'
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

const remedies = {
  file: 'Such artifacts are on each client’s own disk: start MLflow with --serve-artifacts, and use experiment locations in mlflow-artifacts:/.',
  other:
    'That storage needs permissions of its own for each environment. Or start MLflow with --serve-artifacts, so that artifacts go through the proxy.',
} as const

/** Do clients reach artifacts through the proxy, or with credentials of their own? */
export async function* checkStorage({ probe, anybody }: Examination): AsyncGenerator<Finding> {
  const { note, fine } = findingsOf(null)
  if (anybody === null) return
  const locations = await locationsOf(probe, anybody.authorization)
  const direct = locations.map(schemeOf).filter((scheme) => scheme !== 'mlflow-artifacts')
  if (direct.length === 0) yield fine('storage', `Artifacts of ${locations.length} experiments go through the proxy.`)
  for (const scheme of [...new Set(direct)].sort()) {
    const count = direct.filter((each) => each === scheme).length
    const message = `Clients reach the artifacts of ${count} of ${locations.length} experiments at ${scheme}: locations with their own storage credentials, not through the proxy.`
    yield note('storage-direct', message, remedies[scheme === 'file' ? 'file' : 'other'])
  }
}
