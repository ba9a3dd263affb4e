import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lastingPort, type Program, startProgram } from './program.ts'
import { argumentsOf, openClient, password, redisCommand, redisSettings } from './redis.ts'

type Client = Awaited<ReturnType<typeof openClient>>

interface Member {
  readonly port: number
  /** The port by which servers of a cluster speak to one another. */
  readonly bus: string
  readonly url: string
  readonly program: Program
  readonly client: Client
}

/** Real servers of Redis or Valkey that stand in for one another, with TLS and passwords. */
export interface RedisGroup {
  /** Of `authentication.login.redis`. */
  readonly settings: object
  /** How many keys each server has that takes changes. */
  sizes(): Promise<number[]>
  /** Kills a server that takes changes, once another one has all that it has. */
  killPrimary(): Promise<void>
  close(): Promise<void>
}

const env = { PATH: process.env.PATH }

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000
  while (!(await holds().catch(() => false))) {
    if (Date.now() > end) throw new Error('the servers did not come to an agreement within 20 s')
    await sleep(50)
  }
}

async function startMember(folder: string, more: Readonly<Record<string, string>>): Promise<Member> {
  const [port, bus] = [await lastingPort(), `${await lastingPort()}`]
  const home = mkdtempSync(join(folder, 'server-'))
  const settings = { ...redisSettings(port, home), 'tls-replication': 'yes', masterauth: password, 'cluster-port': bus, ...more }
  const program = startProgram(redisCommand(), argumentsOf(settings), { env })
  const url = `rediss://127.0.0.1:${port}`
  await until(async () => !program.isRunning() || program.logs().includes('Ready to accept connections'))
  if (!program.isRunning()) throw new Error(`a server ended:\n${program.logs()}`)
  return { port, bus, url, program, client: await openClient(url) }
}

function groupOf(folder: string, members: readonly Member[], others: readonly Program[], settings: object): RedisGroup {
  const primary = members[0]
  return {
    settings,
    async sizes() {
      const primaries = members.filter((_, index) => index !== members.length - 1)
      return Promise.all(primaries.map(({ client }) => client.dbSize()))
    },
    async killPrimary() {
      if (primary === undefined) return
      await primary.client.sendCommand(['WAIT', '1', '5000'])
      primary.client.destroy()
      await primary.program.close()
    },
    async close() {
      for (const { client } of members) if (client.isOpen) client.destroy()
      await Promise.all([...members.map(({ program }) => program.close()), ...others.map((program) => program.close())])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Starts a cluster of three servers, of which the first has a replica. */
export async function startRedisCluster(): Promise<RedisGroup> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-cluster-'))
  const more = { 'cluster-enabled': 'yes', 'tls-cluster': 'yes', 'cluster-node-timeout': '1000' }
  const members: Member[] = []
  for (let count = 0; count < 4; count++) members.push(await startMember(folder, more))
  const slots = ['0 5460', '5461 10922', '10923 16383']
  for (const [index, range] of slots.entries())
    await members[index]?.client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', ...range.split(' ')])
  const [first, , , replica] = members
  for (const { port, bus } of members.slice(1)) await first?.client.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', `${port}`, bus])
  const id = String(await first?.client.sendCommand(['CLUSTER', 'MYID']))
  await until(async () => String(await replica?.client.sendCommand(['CLUSTER', 'NODES'])).includes(id))
  await replica?.client.sendCommand(['CLUSTER', 'REPLICATE', id])
  await until(async () => /role:slave[\s\S]*master_link_status:up/.test((await replica?.client.info('replication')) ?? ''))
  await Promise.all(
    members.map(({ client }) =>
      until(async () => String(await client.sendCommand(['CLUSTER', 'INFO'])).includes('cluster_state:ok')),
    ),
  )
  // The last of them: the first one is killed in tests.
  return groupOf(folder, members, [], {
    cluster: members
      .slice(0, 3)
      .map(({ url }) => url)
      .reverse(),
  })
}

function sentinelFile(port: number, folder: string, primary: number): string {
  const quoted = Object.entries({ ...redisSettings(port, folder), requirepass: 'of the sentinel', 'tls-replication': 'yes' })
  const lines = quoted.filter(([name]) => name !== 'save').map(([name, value]) => `${name} "${value}"`)
  const watched = [
    `monitor main 127.0.0.1 ${primary} 1`,
    `auth-pass main "${password}"`,
    'down-after-milliseconds main 500',
    'failover-timeout main 3000',
  ]
  return [...lines, ...watched.map((line) => `sentinel ${line}`), ''].join('\n')
}

/** Starts a primary, its replica and a sentinel; the sentinel's password is in the file `sentinel-password`. */
export async function startRedisSentinel(): Promise<RedisGroup> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-sentinel-'))
  const primary = await startMember(folder, {})
  const replica = await startMember(folder, { replicaof: `127.0.0.1 ${primary.port}` })
  await until(async () => (await replica.client.info('replication')).includes('master_link_status:up'))
  const port = await lastingPort()
  const file = join(folder, 'sentinel.conf')
  writeFileSync(file, sentinelFile(port, folder, primary.port))
  const sentinel = startProgram(redisCommand(), [file, '--sentinel'], { env })
  await until(async () => sentinel.logs().includes('+slave'))
  const urls = [`rediss://127.0.0.1:${port}`]
  return groupOf(folder, [primary, replica], [sentinel], { sentinel: { name: 'main', urls, passwordFile: 'sentinel-password' } })
}
