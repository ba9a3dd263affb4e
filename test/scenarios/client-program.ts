import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProgram } from '../harness/program.ts'

/** One assertion that a script made; `note` says what was wrong. */
interface ClientAssertion {
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped'
  readonly note: string
}

export interface ClientRun {
  readonly assertions: readonly ClientAssertion[]
  /** Whether the script came to its end in time. */
  readonly completed: boolean
  readonly output: string
}

export interface ClientProgram {
  /** For its home folder's name. */
  readonly name: string
  readonly command: string
  readonly args: (home: string) => readonly string[]
  readonly env: (home: string) => NodeJS.ProcessEnv
  /** Files in its home folder, by their names. */
  readonly homeFiles?: (home: string) => Readonly<Record<string, string>>
  readonly timeoutSeconds: number
}

function readResults(file: string): ClientAssertion[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.slice(0, -1).map((line): ClientAssertion => JSON.parse(line))
}

/** Runs a client's program in a home folder of its own, and gives back the assertions that it wrote to $CLIENT_RESULTS. */
export async function runClientProgram(client: ClientProgram): Promise<ClientRun> {
  const home = mkdtempSync(join(tmpdir(), `client-${client.name}-`))
  const results = join(home, 'results.jsonl')
  for (const [name, text] of Object.entries(client.homeFiles?.(home) ?? {})) writeFileSync(join(home, name), text)
  const env = { LANG: 'C.UTF-8', HOME: home, TMPDIR: home, ...client.env(home), CLIENT_RESULTS: results }
  const program = startProgram(client.command, client.args(home), { cwd: home, env })
  try {
    const end = Date.now() + client.timeoutSeconds * 1000
    while (program.isRunning() && Date.now() < end) await sleep(50)
    await program.close()
    const completed = program.logs().includes('the program ended with code 0')
    return { assertions: readResults(results), completed, output: program.logs() }
  } finally {
    await program.close()
    rmSync(home, { recursive: true, force: true, maxRetries: 3 })
  }
}
