import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Metrics } from '../../../src/server/observability/metrics.ts'

const read = (text: string, series: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length),
  )

t.test('what keeps the process busy shows as delay of its event loop, until it was read', async (t) => {
  const { registry } = new Metrics()
  await registry.metrics()
  // Node notes a delay from the second look on.
  await sleep(200)
  const end = performance.now() + 200
  while (performance.now() < end);
  await sleep(100)
  const most = 'mlflow_env_proxy_event_loop_delay_seconds{quantile="1"}'
  const busy = read(await registry.metrics(), most)
  t.ok(busy > 0.1, `${busy} s`)
  t.ok(read(await registry.metrics(), most) < busy, 'what was read is over')
})

t.test('the versions of the proxy and of Node', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  const series = `mlflow_env_proxy_build_info{version="${version}",node="${process.versions.node}"}`
  t.equal(read(await new Metrics().registry.metrics(), series), 1)
})
