import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findHaproxy } from '../../scripts/setup/haproxy.mjs'
import { freePort, startProgram } from './program.ts'
import { type ProcessOptions, type ProxyProcess, startProxyProcess } from './proxy-process.ts'

/** Two proxies behind HAProxy. */
export interface Replicas {
  readonly url: string
  /** Ends a replica as an orchestrator does, starts it anew, and waits until HAProxy sends requests to it again; gives its exit code. */
  restart(index: 0 | 1): Promise<number | string | null>
  readonly pids: () => number[]
  readonly balancerPid: number
  close(): Promise<void>
}

interface Ports {
  readonly listen: number
  readonly admin: number
}

/**
 * As an operator would write it: readiness is asked of the admin port, nothing is sent twice but what no replica took, and a new replica gets its
 * whole share after five seconds, because V8 has to compile it first.
 */
function configuration(port: number, statistics: number, replicas: readonly Ports[]): string {
  const servers = replicas.map(
    ({ listen, admin }, index) =>
      `  server replica${index} 127.0.0.1:${listen} check port ${admin} inter 250ms fall 1 rise 1 slowstart 5s`,
  )
  return `global
  maxconn 2000
  log /dev/null local0
defaults
  mode http
  timeout connect 3s
  timeout client 60s
  timeout server 60s
  timeout check 5s
  retries 3
  option redispatch
frontend callers
  bind 127.0.0.1:${port}
  default_backend proxies
backend proxies
  balance roundrobin
  option httpchk GET /readyz
  http-reuse safe
${servers.join('\n')}
frontend statistics
  bind 127.0.0.1:${statistics}
  stats enable
  stats uri /
`
}

async function isUp(statistics: number, index: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${statistics}/;csv`).catch(() => null)
  const lines = (await answer?.text())?.split('\n') ?? []
  return lines.some((line) => line.startsWith(`proxies,replica${index},`) && /,UP,/.test(line))
}

async function waitUntilUp(statistics: number, index: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await isUp(statistics, index)) return
    await sleep(50)
  }
  throw new Error(`HAProxy does not find replica ${index}`)
}

/** Starts both replicas with one key for page tokens, and HAProxy before them. */
export async function startReplicas(options: ProcessOptions): Promise<Replicas> {
  const haproxy = findHaproxy()
  if (haproxy === null) throw new Error('HAProxy was not found: npm test installs it')
  const folder = mkdtempSync(join(tmpdir(), 'replicas-'))
  const keyFile = join(folder, 'paging-key')
  writeFileSync(keyFile, randomBytes(32).toString('base64'))
  // What MLflow gets is counted: nothing of the proxy's own may be among it.
  const adoption = { countAtStart: false }
  const settings = { shutdown: { drainSeconds: 2 }, paging: { keyFile }, adoption, ...options.settings }
  const start = (ports: Ports) => startProxyProcess({ ...options, settings, ports })
  const makePorts = async (): Promise<Ports> => ({ listen: await freePort(), admin: await freePort() })
  const ports: readonly [Ports, Ports] = [await makePorts(), await makePorts()]
  const running: [ProxyProcess, ProxyProcess] = [await start(ports[0]), await start(ports[1])]
  const [port, statistics] = [await freePort(), await freePort()]
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(file, configuration(port, statistics, ports))
  const balancer = startProgram(haproxy, ['-db', '-f', file], { env: { PATH: process.env.PATH } })
  const close = async () => {
    await Promise.all([balancer.close(), ...running.map((proxy) => proxy.close())])
    rmSync(folder, { recursive: true, force: true })
  }
  await Promise.all([waitUntilUp(statistics, 0), waitUntilUp(statistics, 1)]).catch(async (error) => {
    await close()
    throw new Error(`${error.message}:\n${balancer.logs()}`)
  })
  return {
    url: `http://127.0.0.1:${port}`,
    async restart(index) {
      running[index].signal('SIGTERM')
      const code = await running[index].ended
      running[index] = await start(ports[index])
      await waitUntilUp(statistics, index)
      return code
    },
    pids: () => running.map(({ pid }) => pid),
    balancerPid: balancer.pid,
    close,
  }
}
