// What the proxy needs as things grow: each point on a fresh process, before the stub. See README.md beside this file.
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startIssuer } from '../test/fakes/issuer.ts'
import { withContenders } from './compare/bench.ts'
import type { Setup } from './compare/contender.ts'
import { product } from './compare/contenders/product.ts'
import { putIntoDocs } from './compare/report/write-docs.ts'
import { makeRequests } from './compare/requests.ts'
import type { Dimension, Need } from './growth/dimension.ts'
import { dimensions } from './growth/dimensions.ts'
import { type Growth, growthTable } from './growth/report/growth-table.ts'
import { lineChart } from './growth/report/line-chart.ts'
import { startStub } from './stub/start-stub.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(dimensions).join() },
    seconds: { type: 'string', default: '2' },
    'write-docs': { type: 'boolean', default: false },
  },
})

const issuer = await startIssuer()
const requests = makeRequests(`Bearer ${await issuer.token({ aio: 'x'.repeat(210) })}`)
const stub = await startStub()
const folder = mkdtempSync(join(tmpdir(), 'growth-'))
const setup: Setup = { upstream: stub.url, issuer, folder, probe: requests.small }

function measure(dimension: Dimension, point: number): Promise<Need> {
  return withContenders([product(dimension.environments?.(point))], setup, async ([proxy]) => {
    if (proxy?.pid == null) throw new Error('the proxy has no process')
    const ground = { proxy: { ...proxy, pid: proxy.pid }, issuer, requests, seconds: Number(values.seconds) }
    return dimension.measure(point, ground)
  })
}

const growths: Growth[] = []
for (const [name, dimension] of Object.entries(dimensions).filter(([name]) => values.only.split(',').includes(name))) {
  console.error(`${name} …`)
  const needs: Need[] = []
  for (const point of dimension.points) needs.push(await measure(dimension, point))
  growths.push({ name, dimension, needs })
}
await Promise.all([stub.close(), issuer.close()])
rmSync(folder, { recursive: true, force: true })

const day = new Date().toISOString().slice(0, 10)
const circumstances = `${day}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.versions.node}.`
const table = growthTable(growths)
console.log(`${circumstances}\n\n${table}`)
if (values['write-docs']) {
  const plots = growths.map(({ name, dimension, needs }) => ({ name, svg: lineChart(dimension, needs) }))
  putIntoDocs('sizing', [circumstances, table], plots)
}
