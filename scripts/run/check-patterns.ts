// Proves with recheck that every regular expression of src runs in linear time. Patterns that it cannot prove (for example a
// look-around beside a repetition) must be written differently. Its native program takes seconds; its JavaScript, used otherwise, a minute.
import { availableParallelism } from 'node:os'
import { check, type Diagnostics } from 'recheck'
import { type Pattern, sourcePatterns } from './source-patterns.ts'

/** The largest sizes for which recheck tries a proof; beyond its own limits it only searches for attacks. */
const provable = {
  checker: 'automaton',
  maxRepeatCount: 5_000,
  maxNFASize: 1_000_000,
  maxPatternSize: 100_000,
  timeout: 60_000,
} as const

const patterns = sourcePatterns()
const waiting = [...patterns]

/** A sticky pattern is tried at one position, like an anchored one, but recheck does not support that. */
async function judge(pattern: Pattern): Promise<Diagnostics> {
  const sticky = pattern.flags.includes('y')
  const [source, flags] = sticky ? [`^(?:${pattern.source})`, pattern.flags.replace('y', '')] : [pattern.source, pattern.flags]
  return check(source, flags, provable)
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
