// Every regular expression of src takes a time in proportion to the text that it is held against: recheck proves it of all but those with
// look-around, which it attacks. Its native program takes seconds; where there is none, its JavaScript takes a minute.
import { availableParallelism } from 'node:os'
import { check, type Diagnostics } from 'recheck'
import { type Pattern, sourcePatterns } from './source-patterns.ts'

/** Up to these sizes a proof is tried: beyond recheck's own, it only attacks. */
const provable = {
  checker: 'automaton',
  maxRepeatCount: 5_000,
  maxNFASize: 1_000_000,
  maxPatternSize: 100_000,
  timeout: 60_000,
} as const

const patterns = sourcePatterns()
const waiting = [...patterns]

async function judge({ source, flags }: Pattern): Promise<Diagnostics> {
  const found = await check(source, flags, provable)
  if (found.status !== 'unknown' || found.error.kind !== 'unsupported') return found
  return check(source, flags, { checker: 'fuzz' })
}

function problemOf(found: Diagnostics): string | null {
  if (found.status === 'safe') return null
  if (found.status === 'unknown') return `cannot be judged (${found.error.kind})`
  return `takes more than linear time (${found.complexity.summary}), for instance for ${found.attack.pattern}`
}

async function work(): Promise<string[]> {
  const problems: string[] = []
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const problem = problemOf(await judge(next))
    if (problem !== null) problems.push(`${next.place}: /${next.source}/${next.flags} ${problem}`)
  }
  return problems
}

const problems = (await Promise.all(Array.from({ length: availableParallelism() }, work))).flat()
for (const problem of problems.sort()) console.error(problem)
if (problems.length === 0) console.log(`${patterns.length} regular expressions are linear`)
process.exit(problems.length > 0 ? 1 : 0)
