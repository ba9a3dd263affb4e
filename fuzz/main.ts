// Fuzzing by hand: `npm run fuzz -- parsers|structured|raw|real`. See CONTRIBUTING.md.
import { parseArgs } from 'node:util'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    'keep-corpus': { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
const say = (line: string) => process.stdout.write(`${line}\n`)

async function parsers(): Promise<number> {
  const { fuzzParsers, keepCorpus, showInput } = await import('./parsers/run.ts')
  const count = Number(values.count ?? Number.POSITIVE_INFINITY)
  const milliseconds = 1_000 * Number(values.seconds ?? (values.count === undefined ? 600 : Number.POSITIVE_INFINITY))
  let found = 0
  let runs = 0
  await fuzzParsers({ seed, count, milliseconds }, values.only ?? null, (outcome) => {
    const { name, edges, findings } = outcome
    runs += outcome.runs
    found += findings.length
    say(`${name}: ${outcome.runs} inputs, ${edges} branches, ${outcome.corpus.length} kept, ${findings.length} findings`)
    for (const { message, input } of findings) say(`  ${message}\n    ${showInput(input)}`)
    if (values['keep-corpus']) keepCorpus(outcome)
  })
  say(`parsers: ${runs} inputs, ${found} findings, seed ${seed}`)
  return found
}

async function structured(): Promise<number> {
  const { StructuredFuzz } = await import('./structured/run.ts')
  const fuzz = await StructuredFuzz.start()
  const count = Number(values.count ?? 200_000)
  const end = performance.now() + 1_000 * Number(values.seconds ?? Number.POSITIVE_INFINITY)
  let known = 0
  for (let at = 0; at < count && performance.now() < end; at++) {
    await fuzz.try(seed + at)
    const { findings, cases } = fuzz.tally
    for (const { seed: number, problem, request } of findings.slice(known)) say(`  ${number}: ${problem}\n    ${request}`)
    known = findings.length
    if (cases % 20_000 === 0)
      say(`${cases} requests, ${known} findings, ${Math.round(process.memoryUsage().rss / 1024 ** 2)} MiB`)
  }
  const { cases, findings, decisions, forwarded } = fuzz.tally
  for (const [decision, times] of [...decisions].sort((a, b) => b[1] - a[1])) say(`  ${times} ${decision}`)
  say(`structured: ${cases} requests, ${forwarded.size} endpoints reached, ${findings.length} findings, seed ${seed}`)
  await fuzz.close()
  return findings.length
}

async function raw(): Promise<number> {
  const { RawFuzz } = await import('./raw/run.ts')
  const fuzz = await RawFuzz.start()
  const count = Number(values.count ?? 20_000)
  const lanes = 256
  let known = 0
  for (let at = 0; at < count; at += lanes) {
    await fuzz.try(Array.from({ length: Math.min(lanes, count - at) }, (_, lane) => seed + at + lane))
    for (const { seed: number, problem, bytes } of fuzz.tally.findings.slice(known)) say(`  ${number}: ${problem}\n    ${bytes}`)
    known = fuzz.tally.findings.length
    if (at % (lanes * 200) === 0) say(`${at} streams, ${known} findings`)
  }
  const { streams, answers, heard, findings } = fuzz.tally
  say(`raw: ${streams} streams, ${answers} answers, ${heard} requests upstream, ${findings.length} findings, seed ${seed}`)
  say(`connections left: ${await fuzz.connectionsLeft()}`)
  return findings.length
}

async function real(): Promise<number> {
  const { newestMlflow } = await import('../scripts/setup/python-environments.mjs')
  const { RealFuzz } = await import('./structured/real.ts')
  const fuzz = await RealFuzz.start(values.only ?? newestMlflow)
  const count = Number(values.count ?? 5_000)
  for (let at = 0; at < count; at++) await fuzz.try(seed + at)
  const { cases, findings, decisions } = fuzz.tally
  for (const { seed: number, problem, request } of findings) say(`  ${number}: ${problem}\n    ${request}`)
  for (const [status, times] of [...decisions].sort((a, b) => b[1] - a[1])) say(`  ${times} ${status}`)
  const changes = await fuzz.changes()
  for (const line of changes) say(`  ${line.slice(0, 500)}`)
  say(`real: ${cases} requests, ${findings.length} findings, ${changes.length} foreign things changed, seed ${seed}`)
  await fuzz.close()
  return findings.length + changes.length
}

const kinds: Readonly<Record<string, () => Promise<number>>> = { parsers, structured, raw, real }
const kind = kinds[positionals[0] ?? '']
if (kind === undefined) {
  say(`Usage: npm run fuzz -- ${Object.keys(kinds).join('|')} [--count N] [--seconds N] [--seed N] [--only NAME]`)
  process.exitCode = 2
} else {
  try {
    // Connections that nobody closes would keep the process alive.
    process.exit((await kind()) === 0 ? 0 : 1)
  } catch (error) {
    // Uncaught errors are findings, so the fuzzer's own must not be mistaken for them.
    say(error instanceof Error ? `${error.stack}\n${String(error.cause)}` : String(error))
    process.exit(2)
  }
}
