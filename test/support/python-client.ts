import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pythonOf } from '../../scripts/python-environments.mjs'
import { startProgram } from './program.ts'

const scripts = fileURLToPath(new URL('../clients/', import.meta.url))

/** One assertion that a script made; `note` says what was wrong. */
export interface ClientAssertion {
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

export interface ClientOptions {
  /** MLflow version of the client. */
  readonly version: string
  /** The environment of scripts/python-environments.mjs that it runs in, where that is not its MLflow version's own. */
  readonly environment?: string
  /** File in test/clients. */
  readonly script: string
  readonly args?: readonly string[]
  readonly uri: string
  readonly token?: string
  /** What the script is told besides; it reads it from the JSON file that $CLIENT_CONTEXT names. */
  readonly context?: object
  /** Environment variables besides. */
  readonly env?: Readonly<Record<string, string>>
  /** Files in its home folder, by their names. */
  readonly homeFiles?: Readonly<Record<string, string>>
  readonly timeoutSeconds?: number
}

function clientEnvironment(python: string, home: string, { uri, token, env = {} }: ClientOptions): NodeJS.ProcessEnv {
  return {
    PATH: `${dirname(python)}:${process.env.PATH ?? ''}`,
    LANG: 'C.UTF-8',
    HOME: home,
    TMPDIR: home,
    PYTHONPATH: '',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    GIT_PYTHON_REFRESH: 'quiet',
    DO_NOT_TRACK: 'true',
    NO_PROXY: '127.0.0.1',
    MLFLOW_TRACKING_URI: uri,
    ...(token === undefined ? {} : { MLFLOW_TRACKING_TOKEN: token }),
    ...env,
    CLIENT_CONTEXT: join(home, 'context.json'),
    CLIENT_RESULTS: join(home, 'results.jsonl'),
  }
}

function readResults(file: string): ClientAssertion[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.slice(0, -1).map((line): ClientAssertion => JSON.parse(line))
}

/** Runs a script in an unmodified client of a version, in a home folder of its own, and gives back the assertions that it wrote. */
export async function runPythonClient(options: ClientOptions): Promise<ClientRun> {
  const { version, script, args = [], context = {}, homeFiles = {}, timeoutSeconds = 240 } = options
  const python = pythonOf(options.environment ?? version)
  const home = mkdtempSync(join(tmpdir(), `client-${version}-`))
  const env = clientEnvironment(python, home, options)
  writeFileSync(join(home, 'context.json'), JSON.stringify({ ...context, version, uri: options.uri, home }))
  for (const [name, text] of Object.entries(homeFiles)) writeFileSync(join(home, name), text)
  const program = startProgram(python, [join(scripts, script), ...args], { cwd: home, env })
  try {
    const end = Date.now() + timeoutSeconds * 1000
    while (program.isRunning() && Date.now() < end) await sleep(50)
    await program.close()
    const completed = program.logs().includes('the program ended with code 0')
    return { assertions: readResults(join(home, 'results.jsonl')), completed, output: program.logs() }
  } finally {
    await program.close()
    rmSync(home, { recursive: true, force: true, maxRetries: 3 })
  }
}
