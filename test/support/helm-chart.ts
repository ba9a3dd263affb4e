import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { type HelmJob, runHelm } from './helm-tools.ts'
import { record } from './manifests.ts'

const inRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The text of a file of the checkout. */
export const readText = (path: string) => readFileSync(inRoot(path), 'utf8')

/** The chart's folder. */
export const chart = inRoot('helm/mlflow-env-proxy')

/** Values for two replicas in front of an MLflow of the same cluster. */
export const cluster = parse(readText('helm/mlflow-env-proxy/ci/cluster-values.yaml'))

/** Values for one replica in front of an https upstream, with every optional value used. */
export const external = parse(readText('helm/mlflow-env-proxy/ci/external-values.yaml'))

/** The job that renders the chart with these values as release `gate` in the namespace `proxy`. */
export const renderJob = (values: object): HelmJob => ({ do: 'render', chart, values, release: 'gate', namespace: 'proxy' })

/** The manifests of the chart with these values, as text. Throws Helm's refusal. */
export async function render(values: object): Promise<string> {
  const [answer] = await runHelm([renderJob(values)])
  if (!answer?.ok) throw new Error(answer?.error ?? 'no answer')
  const files = Object.entries(record(answer.value)).filter(([path]) => path.endsWith('.yaml'))
  return files.map(([, text]) => text).join('\n---\n')
}
