import type { Registry } from '@prometheus-io/client'

/** A number that a metric has for some labels. */
export interface MetricValue {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What `/metrics` says of one metric, by its name without the prefix. Others are not read: the delay of the event loop counts from its last reading. */
export async function readMetric(registry: Registry, name: string): Promise<readonly MetricValue[]> {
  const metric = await registry.getSingleMetric(`mlflow_env_proxy_${name}`)?.get()
  return (metric?.values ?? []).map(({ labels, value }) => ({
    labels: Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, String(text)])),
    value,
  }))
}
