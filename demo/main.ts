import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { closePrograms } from '../test/harness/program.ts'
import { listSurprises } from './expected.ts'
import { describeStay } from './invitation.ts'
import { play } from './play.ts'
import { drawSummary, paint } from './summary.ts'
import { type Keeper, type Surroundings, startSurroundings } from './surroundings.ts'

const help = `Usage: npm run demo [-- --databricks] [--keep]

Starts a real MLflow, a local stand-in for Entra ID and the proxy, and runs one MLflow script as three environments.

  --databricks  the same before a stand-in for an Azure Databricks workspace, with Azure's storage emulator Azurite
  --keep        leave it running, until Ctrl-C, and say how to try it
  --help        this text
`

const write = (text: string) => process.stdout.write(text)

class Interrupted extends Error {}

// Ctrl-C may arrive twice, from the terminal and from npm, so later signals repeat the first.
const interruption = new Promise<never>((_resolve, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => reject(new Interrupted(signal)))
  }
})
interruption.catch(() => {})

// Files have no width, and some terminals do not report theirs.
const readWidth = () =>
  process.stdout.isTTY ? Math.min(Math.max(process.stdout.columns || 100, 60), 120) : Number.POSITIVE_INFINITY

async function perform(databricks: boolean, keeper: Keeper): Promise<{ surroundings: Surroundings; surprises: string[] }> {
  const started = Date.now()
  const upstream = databricks ? 'one Databricks workspace' : 'one MLflow'
  write(`${paint('bold', 'mlflow-env-proxy')}: ${upstream}, three environments\n\n`)
  const surroundings = await startSurroundings(keeper, databricks)
  const findings = await play(surroundings)
  write(drawSummary(findings, readWidth()))
  const surprises = listSurprises(findings)
  for (const surprise of surprises) write(`\n${paint('red', 'Not as expected:')} ${surprise}`)
  const seconds = Math.round((Date.now() - started) / 1000)
  const verdict = `All as expected: one script in three environments, ${findings.attempts.length} attempts refused, in ${seconds} s.`
  write(surprises.length > 0 ? '\n' : `\n${paint('green', verdict)}\n`)
  return { surroundings, surprises }
}

async function run({ keep: stay, databricks }: Line, keeper: Keeper): Promise<number> {
  const { surroundings, surprises } = await Promise.race([perform(databricks, keeper), interruption])
  if (stay) {
    write(describeStay(surroundings))
    await interruption.catch(() => write('\nStopping.\n'))
  }
  return surprises.length > 0 ? 1 : 0
}

/** Runs `work` in a temporary folder. Afterwards the folder is deleted and everything that was started has ended. */
async function cleaningUp(work: (keeper: Keeper) => Promise<number>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'mlflow-env-proxy-demo-'))
  process.env.TMPDIR = folder
  const ends: (() => Promise<void>)[] = []
  try {
    return await work((end) => ends.unshift(end))
  } finally {
    for (const end of ends) await end()
    await closePrograms() // what was still starting
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

interface Line {
  readonly keep: boolean
  readonly databricks: boolean
  readonly help: boolean
}

const option = { type: 'boolean', default: false } as const

function readArguments(args: readonly string[]): Line | null {
  const options = { keep: option, databricks: option, help: { ...option, short: 'h' } } as const
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${help}`)
    return null
  }
}

async function main(args: readonly string[]): Promise<number> {
  const line = readArguments(args)
  if (line === null) return 2
  if (line.help) {
    write(help)
    return 0
  }
  try {
    return await cleaningUp((keeper) => run(line, keeper))
  } catch (error) {
    if (error instanceof Interrupted) return 130
    process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : error}\n`)
    return 1
  }
}

process.stdout.on('error', () => {}) // a closed pipe or terminal must not prevent the cleanup
// An interrupted start may still wait for something that has ended.
process.exit(await main(process.argv.slice(2)))
