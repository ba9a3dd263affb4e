// The proxy beside others, each before the same upstream, in short bursts in turn. See README.md beside this file.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startIssuer } from '../test/fakes/issuer.ts'
import type { Bench } from './compare/bench.ts'
import type { Setup } from './compare/contender.ts'
import { haproxy } from './compare/contenders/haproxy.ts'
import { nginx } from './compare/contenders/nginx.ts'
import { plain, straightforward } from './compare/contenders/node-proxies.ts'
import { product } from './compare/contenders/product.ts'
import type { Figure } from './compare/figure.ts'
import { markdownTable } from './compare/report/markdown.ts'
import { writeDocs } from './compare/report/write-docs.ts'
import { makeRequests } from './compare/requests.ts'
import { rows } from './compare/rows/rows.ts'
import { startStub } from './stub/start-stub.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: Object.keys(rows).join() },
    rounds: { type: 'string', default: '18' },
    seconds: { type: 'string', default: '0.5' },
    json: { type: 'string' },
    from: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
  },
})

interface Run {
  readonly circumstances: string
  readonly figures: readonly Figure[]
}

const say = (line: string) => console.error(line)

async function measure(): Promise<Run> {
  const issuer = await startIssuer()
  const authorization = `Bearer ${await issuer.token({ aio: 'x'.repeat(210) })}` // Entra's tokens have some 1.25 KB
  const requests = makeRequests(authorization)
  const stub = await startStub()
  const folder = mkdtempSync(join(tmpdir(), 'compare-'))
  const setup: Setup = { upstream: stub.url, issuer, folder, probe: requests.small }
  const kinds = [nginx, haproxy, plain, straightforward, product()]
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
  const bench: Bench = { setup, requests, authorization, kinds, rounds, seconds, say }
  const day = new Date().toISOString().slice(0, 16).replace('T', ' ')
  const load = () => loadavg()[0]?.toFixed(1)
  const loadBefore = load()
  const figures: Figure[] = []
  try {
    for (const [name, row] of Object.entries(rows).filter(([name]) => values.rows.split(',').includes(name))) {
      say(`${name} …`)
      try {
        figures.push(...(await row(bench)))
      } catch (error) {
        say(`${name} is left out: ${error instanceof Error ? error.message : error}`)
        process.exitCode = 1
      }
    }
  } finally {
    await Promise.all([stub.close(), issuer.close()])
    rmSync(folder, { recursive: true, force: true })
  }
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.versions.node}`
  const how = `${rounds} rounds of bursts of ${seconds} s, load of the machine ${loadBefore} before`
  const left = Object.keys(rows).filter((name) => !figures.some(({ row }) => row === name))
  const without = left.length === 0 ? '' : ` Not measured in this run: ${left.join(', ')}.`
  return { circumstances: `${day} UTC, ${machine}, ${how}.${without}`, figures }
}

const run: Run = values.from === undefined ? await measure() : JSON.parse(readFileSync(values.from, 'utf8'))
console.log(`${run.circumstances}\n\n${markdownTable(run.figures)}`)
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(run, null, 1))
if (values['write-docs']) writeDocs(run.figures, run.circumstances)
