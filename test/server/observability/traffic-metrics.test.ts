import { Registry } from '@prometheus-io/client'
import t from 'tap'
import { TrafficMetrics } from '../../../src/server/observability/traffic-metrics.ts'
import { load, small } from '../../fixtures/config-file.ts'

t.test('bytes of a connection are counted once, for the environment of each of its requests', async (t) => {
  const registry = new Registry()
  const traffic = new TrafficMetrics(registry)
  const connection = { bytesRead: 100, bytesWritten: 1_000 }
  const [acc = null, prod = null] = load(small.replace(/environments:.*/s, 'environments: [acc, prod]\n')).environments
  traffic.noteBytes(connection, { environment: acc })
  connection.bytesRead += 50
  connection.bytesWritten += 1
  traffic.noteBytes(connection, { environment: prod })
  traffic.noteBytes(connection, { environment: prod })
  traffic.noteBytes({ bytesRead: 7, bytesWritten: 0 }, { environment: null })
  const text = await registry.metrics()
  const series = (name: string, direction: string) =>
    `mlflow_env_proxy_bytes_total{environment="${name}",direction="${direction}"}`
  for (const [name, direction, bytes] of [
    [acc?.name, 'received', 100],
    [acc?.name, 'sent', 1_000],
    [prod?.name, 'received', 50],
    [prod?.name, 'sent', 1],
    ['', 'received', 7],
  ] as const)
    t.match(text, `${series(name ?? '?', direction)} ${bytes}\n`)
  t.equal(await registry.metrics(), text, 'reading them changes nothing')
})

t.test('looks into a cache by result', async (t) => {
  const registry = new Registry()
  const { noteCache } = new TrafficMetrics(registry)
  for (const hit of [false, true, true]) noteCache('run', hit)
  const text = await registry.metrics()
  t.match(text, 'mlflow_env_proxy_cache_lookups_total{cache="run",result="hit"} 2\n')
  t.match(text, 'mlflow_env_proxy_cache_lookups_total{cache="run",result="miss"} 1\n')
})
