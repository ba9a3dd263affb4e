import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { listen } from '../../harness/listen.ts'
import { type Fields, objectOf, text } from './call.ts'

/** The jobs API of a workspace, and the files of DBFS that jobs are made of (mlflow/projects/databricks.py). */
export interface Jobs {
  readonly url: string
  /** Every job that was submitted. */
  readonly submitted: readonly Fields[]
  /** What the jobs printed. */
  logs(): string
  close(): Promise<void>
}

interface JobsOptions {
  /** The folder of the program `mlflow` that clusters have. */
  readonly programs: string
  /** Tokens of the workspace that may submit. */
  readonly token: string
  /** The workspace's secrets, by `scope/key`. */
  readonly secrets: Readonly<Record<string, string>>
}

/** Starts a workspace that has jobs alone. A job is run on this machine, in folders of its own in place of the cluster's, before its submission is answered. */
export async function startJobs({ programs, token, secrets }: JobsOptions): Promise<Jobs> {
  const root = mkdtempSync(join(tmpdir(), 'jobs-'))
  const files = new Set<string>()
  const submitted: Fields[] = []
  const results: string[] = []
  let printed = ''

  const secretsIn = (value: string) => value.replace(/^\{\{secrets\/(.+)\}\}$/, (_, name: string) => secrets[name] ?? '')

  /** Runs the command as the cluster would: its paths lead to folders of this machine, which has no rsync. */
  async function run(job: Fields): Promise<string> {
    const { command, env_vars } = objectOf(job.shell_command_task)
    const [, , script = ''] = Array.isArray(command) ? command.map(String) : []
    const here = script
      .replaceAll('/databricks/mlflow', join(root, 'mlflow'))
      .replaceAll(/(^|\s)\/dbfs\//g, `$1${root}/dbfs/`)
      .replaceAll('rsync -a -v --ignore-existing', 'cp -n')
    const set = { ...objectOf(objectOf(job.new_cluster).spark_env_vars), ...objectOf(env_vars) }
    const env = Object.fromEntries(Object.entries(set).map(([key, value]) => [key, secretsIn(String(value))]))
    const plain = {
      PATH: `${programs}:${process.env.PATH ?? ''}`,
      HOME: root,
      LANG: 'C.UTF-8',
      GIT_PYTHON_REFRESH: 'quiet',
      NO_PROXY: '127.0.0.1',
    }
    const child = spawn('bash', ['-c', here], { cwd: root, env: { ...plain, ...env } })
    const note = (chunk: Buffer) => {
      printed += String(chunk)
    }
    for (const stream of [child.stdout, child.stderr]) stream.on('data', note)
    const [code] = await once(child, 'close')
    return code === 0 ? 'SUCCESS' : 'FAILED'
  }

  async function answer(request: IncomingMessage): Promise<[status: number, body: object]> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://workspace')
    const body = await buffer(request)
    if (request.headers.authorization !== `Bearer ${token}`)
      return [403, { error_code: 'PERMISSION_DENIED', message: 'Invalid access token.' }]
    const fields = (): Fields => objectOf(JSON.parse(body.toString() || '{}'))
    switch (`${request.method} ${pathname}`) {
      case 'GET /api/2.0/dbfs/get-status':
        return files.has(`/dbfs${text(fields(), 'path')}`)
          ? [200, {}]
          : [404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'No file.' }]
      case 'POST /api/2.0/jobs/runs/submit':
        submitted.push(fields())
        results.push(await run(fields()))
        return [200, { run_id: results.length }]
      case 'GET /api/2.0/jobs/runs/get': {
        const id = Number(searchParams.get('run_id'))
        const state = { life_cycle_state: 'TERMINATED', result_state: results[id - 1] }
        return [200, { run_id: id, job_id: 7, run_page_url: `https://workspace.example/#job/7/run/${id}`, state }]
      }
    }
    if (request.method !== 'POST' || !/^\/dbfs\/[\w./-]+$/.test(pathname))
      return [404, { error_code: 'ENDPOINT_NOT_FOUND', message: pathname }]
    files.add(pathname)
    mkdirSync(dirname(join(root, pathname)), { recursive: true })
    writeFileSync(join(root, pathname), body)
    return [200, {}]
  }

  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await listen(server)
  const address = server.address()
  return {
    url: `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`,
    submitted,
    logs: () => printed,
    close: async () => {
      server.closeAllConnections()
      server.close()
      rmSync(root, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
