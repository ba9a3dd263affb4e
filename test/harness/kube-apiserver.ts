import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, fetch } from 'undici'
import { at, record } from '../fixtures/manifests.ts'
import { freePort, type RunningProgram, startProgram } from './program.ts'

/** What the API server said to an object. */
interface Applied {
  readonly status: number
  /** Its sentence, where it refuses the object. */
  readonly message: string
  /** What it would take, but warns of; null if nothing. */
  readonly warnings: string | null
}

/** Kubernetes' own API server, with an etcd, and without any controller or node. */
export interface ApiServer {
  readonly url: string
  /** A file with its certificate. */
  readonly caFile: string
  /** Asks it as an administrator; `object` is sent as JSON. */
  ask(method: 'GET' | 'POST' | 'DELETE', path: string, object?: object): Promise<Answer>
  /** Applies an object on the server's side with strict validation; by default as a dry run. */
  apply(object: unknown, options?: { readonly dryRun: boolean }): Promise<Applied>
  close(): Promise<void>
}

async function startEtcd(etcd: string, folder: string): Promise<{ readonly url: string; readonly program: RunningProgram }> {
  const [url, peers] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`]
  const clients = ['--listen-client-urls', url, '--advertise-client-urls', url]
  const others = ['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', `default=${peers}`]
  const args = ['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync', ...clients, ...others]
  return { url, program: startProgram(etcd, args, { cwd: folder, env: process.env }) }
}

const token = randomUUID()

function startServer(program: string, folder: string, port: number, etcd: string): RunningProgram {
  const key = join(folder, 'service-accounts.key')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  // Members of this group may do everything.
  writeFileSync(join(folder, 'tokens.csv'), `${token},test,1,system:masters\n`)
  const flags = {
    'etcd-servers': etcd,
    'cert-dir': folder,
    // Accounts come from a controller.
    'disable-admission-plugins': 'ServiceAccount',
    'bind-address': '127.0.0.1',
    'secure-port': port,
    'authorization-mode': 'RBAC',
    'token-auth-file': join(folder, 'tokens.csv'),
    'service-cluster-ip-range': '10.96.0.0/16',
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': key,
    'service-account-signing-key-file': key,
  }
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  return startProgram(program, args, { cwd: folder, env: process.env })
}

type Ask = (path: string, init?: { readonly method: string; readonly headers: object; readonly body?: string }) => Promise<Answer>
interface Answer {
  readonly status: number
  readonly body: unknown
  readonly warnings: string | null
}

function asking(folder: string, port: number): Ask {
  let agent: Agent | undefined
  return async (path, init) => {
    // It makes its certificate as it starts.
    agent ??= new Agent({ connect: { ca: readFileSync(join(folder, 'apiserver.crt')) } })
    const url = `https://127.0.0.1:${port}${path}`
    const headers = { authorization: `Bearer ${token}`, ...init?.headers }
    const answer = await fetch(url, { dispatcher: agent, ...init, headers })
    const text = await answer.text()
    return {
      status: answer.status,
      body: text.startsWith('{') ? JSON.parse(text) : text,
      warnings: answer.headers.get('warning'),
    }
  }
}

async function waitFor(program: RunningProgram, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end && program.isRunning(); await sleep(200)) {
    if (await isSo().catch(() => false)) return
  }
  throw new Error(`kube-apiserver: ${program.logs().slice(-2_000)}`)
}

/** The path of an object, by what the server says of its kind; null while it does not know the kind. */
async function pathOf(ask: Ask, object: unknown): Promise<string | null> {
  const version = String(at(object, 'apiVersion'))
  const base = version.includes('/') ? `/apis/${version}` : `/api/${version}`
  const { body } = await ask(base)
  const resources = Object.values(record(at(body, 'resources')))
  const found = resources.find((each) => at(each, 'kind') === at(object, 'kind') && !String(at(each, 'name')).includes('/'))
  if (found === undefined) return null
  const within = at(found, 'namespaced') === true ? `/namespaces/${at(object, 'metadata.namespace') ?? 'default'}` : ''
  return `${base}${within}/${at(found, 'name')}/${at(object, 'metadata.name')}`
}

async function apply(ask: Ask, object: unknown, dryRun: boolean): Promise<Applied> {
  const path = await pathOf(ask, object)
  if (path === null)
    return { status: 404, message: `there is no ${at(object, 'apiVersion')} ${at(object, 'kind')}`, warnings: null }
  const query = `fieldManager=test&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`
  const headers = { 'content-type': 'application/apply-patch+yaml' }
  const answer = await ask(`${path}?${query}`, { method: 'PATCH', headers, body: JSON.stringify(object) })
  return { status: answer.status, message: String(at(answer.body, 'message') ?? ''), warnings: answer.warnings }
}

/** Starts one of the two programs, and waits until it is ready. */
export async function startApiServer(programs: { readonly server: string; readonly etcd: string }): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kube-apiserver-'))
  const etcd = await startEtcd(programs.etcd, folder)
  const port = await freePort()
  const server = startServer(programs.server, folder, port, etcd.url)
  const close = async () => {
    await server.close()
    await etcd.program.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  const ask = asking(folder, port)
  await waitFor(server, async () => (await ask('/readyz')).status === 200).catch(async (error) => {
    await close()
    throw error
  })
  return {
    url: `https://127.0.0.1:${port}`,
    caFile: join(folder, 'apiserver.crt'),
    ask: (method, path, object) =>
      ask(path, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(object === undefined ? {} : { body: JSON.stringify(object) }),
      }),
    apply: (object, { dryRun } = { dryRun: true }) => apply(ask, object, dryRun),
    close,
  }
}
