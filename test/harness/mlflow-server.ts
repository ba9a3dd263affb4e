import { constants, copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { cacheFolder, pythonOf } from '../../scripts/setup/python-environments.mjs'
import { freePort, startProgram, waitUntilAnswers } from './program.ts'
import { readyMlflow, startReadyMlflow } from './ready-mlflow.ts'

/** A real MLflow server with a SQLite database and artifacts in a local folder. */
export interface MlflowServer {
  readonly url: string
  readonly version: string
  /** Where the artifacts lie; experiment ids are the first level. */
  readonly artifactFolder: string
  logs(): string
  close(): Promise<void>
}

export interface MlflowOptions {
  /** One of the versions in scripts/setup/python-environments.mjs. */
  readonly version: string
  /** Where database and artifacts go; by default a temporary folder that `close` removes. */
  readonly dir?: string
  /** Whether clients reach artifacts through the server (`mlflow-artifacts:`); default true. */
  readonly serveArtifacts?: boolean
  /** The scheme of a plugin's artifact store, which serves the same folder; by default the folder itself. */
  readonly artifactScheme?: string
  /** Worker processes; default 1. */
  readonly workers?: number
  /** Further arguments of `mlflow server`. */
  readonly flags?: readonly string[]
  /** Further variables of the server's environment. */
  readonly env?: Readonly<Record<string, string>>
}

function artifactFlags(version: string, folder: string, serve: boolean): string[] {
  const isOne = version.startsWith('1.')
  if (!serve) return [...(isOne ? [] : ['--no-serve-artifacts']), '--default-artifact-root', folder]
  const destination = ['--serve-artifacts', '--artifacts-destination', folder]
  return isOne ? [...destination, '--default-artifact-root', 'mlflow-artifacts:/'] : destination
}

// Making the tables takes a new server many seconds; the database of the first one is kept and copied.
function templateOf(python: string, serve: boolean): string | null {
  if (!serve) return null // the default experiment in it names this folder
  return join(cacheFolder(), 'databases', `${basename(dirname(dirname(python)))}.db`)
}

function saveTemplate(database: string, template: string) {
  mkdirSync(dirname(template), { recursive: true })
  const partial = `${template}.${process.pid}`
  copyFileSync(database, partial)
  renameSync(partial, template)
}

function serverEnvironment(python: string, home: string): NodeJS.ProcessEnv {
  return {
    PATH: `${dirname(python)}:${process.env.PATH ?? ''}`,
    LANG: 'C.UTF-8',
    HOME: home,
    TMPDIR: home,
    GIT_PYTHON_REFRESH: 'quiet',
    DO_NOT_TRACK: 'true',
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
  }
}

/** Starts an MLflow server of a version and waits until it is healthy. */
export async function startMlflow({
  version,
  dir,
  serveArtifacts = true,
  artifactScheme,
  workers = 1,
  flags = [],
  env = {},
}: MlflowOptions): Promise<MlflowServer> {
  const python = pythonOf(version)
  const folder = dir ?? mkdtempSync(join(tmpdir(), 'mlflow-'))
  const artifactFolder = join(folder, 'artifacts')
  mkdirSync(artifactFolder, { recursive: true })
  const destination = artifactScheme === undefined ? artifactFolder : `${artifactScheme}://${artifactFolder}`
  const database = join(folder, 'mlflow.db')
  const template = templateOf(python, serveArtifacts)
  if (template && existsSync(template) && !existsSync(database)) copyFileSync(template, database, constants.COPYFILE_FICLONE)
  const port = await freePort()
  const where = [
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--workers',
    String(workers),
    '--backend-store-uri',
    `sqlite:///${database}`,
  ]
  const args = ['server', ...where, ...artifactFlags(version, destination, serveArtifacts), ...flags]
  const variables = { ...serverEnvironment(python, folder), ...env }
  // What flags and variables change may be read while modules are loaded.
  const isUsual = workers === 1 && [...flags, ...Object.keys(env)].length === 0 && artifactScheme === undefined
  const ready = isUsual ? readyMlflow(version) : null
  const place = { cwd: folder, env: variables }
  const program = ready ? startReadyMlflow(ready, args, place) : startProgram(join(dirname(python), 'mlflow'), args, place)
  const close = async () => {
    await program.close()
    if (dir === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  const url = `http://127.0.0.1:${port}`
  await waitUntilAnswers(`${url}/health`, program, `MLflow ${version}`, 90).catch(async (error) => {
    await close()
    throw error
  })
  if (template && !existsSync(template)) saveTemplate(database, template)
  return { url, version, artifactFolder, logs: () => program.logs(), close }
}
