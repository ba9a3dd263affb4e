import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pythonOf } from '../../scripts/setup/python-environments.mjs'
import { type ClientRun, runClientProgram } from './client-program.ts'

const scripts = fileURLToPath(new URL('./', import.meta.url))

export interface ClientOptions {
  /** MLflow version of the client. */
  readonly version: string
  /** The environment of scripts/setup/python-environments.mjs that it runs in, where that is not its MLflow version's own. */
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
  }
}

/** Runs a script in an unmodified client of a version, in a home folder of its own, and gives back the assertions that it wrote. */
export function runPythonClient(options: ClientOptions): Promise<ClientRun> {
  const { version, script, args = [], context = {}, homeFiles = {}, timeoutSeconds = 240 } = options
  const python = pythonOf(options.environment ?? version)
  return runClientProgram({
    name: version,
    command: python,
    args: () => [join(scripts, script), ...args],
    env: (home) => clientEnvironment(python, home, options),
    homeFiles: (home) => ({ ...homeFiles, 'context.json': JSON.stringify({ ...context, version, uri: options.uri, home }) }),
    timeoutSeconds,
  })
}
