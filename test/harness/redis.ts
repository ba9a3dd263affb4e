import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@redis/client'
import { findRedis } from '../../scripts/setup/redis.mjs'
import { freePort, startProgram } from './program.ts'

const certificate = (name: string) => fileURLToPath(new URL(`../fixtures/certificates/${name}`, import.meta.url))
/** Of every server here. */
export const password = 'a password: with spaces'
/** The authority of the server's certificate, which is for localhost. */
export const caFile = certificate('ca.pem')

/** A real server of Redis or Valkey, with TLS and a password. */
export interface RedisServer {
  readonly url: string
  readonly password: string
  /** All that is stored: keys and their values. */
  contents(): Promise<Map<string, string>>
  /** Sends one command, and gives its answer. */
  ask(...command: string[]): Promise<unknown>
  /** Stops it as a failed machine does: connections stay open, and nothing answers. */
  freeze(): void
  thaw(): void
  /** Ends it. */
  stop(): Promise<void>
  /** Starts it anew at the same address, empty. */
  start(): Promise<void>
  close(): Promise<void>
}

/** Where the program is. */
export function redisCommand(): string {
  const command = findRedis()
  if (command === null) throw new Error('Neither redis-server nor valkey-server was found: npm test installs one')
  return command
}

/** Of a server with TLS and a password, which keeps nothing on disk but what is in `folder`. */
export function redisSettings(port: number, folder: string): Readonly<Record<string, string>> {
  const files = { 'tls-cert-file': 'server.pem', 'tls-key-file': 'server.key', 'tls-ca-cert-file': 'ca.pem' }
  return {
    ...Object.fromEntries(Object.entries(files).map(([name, file]) => [name, certificate(file)])),
    ...{ bind: '127.0.0.1', port: '0', 'tls-port': `${port}`, 'tls-auth-clients': 'no' },
    ...{ requirepass: password, save: '', dir: folder },
  }
}

/** Settings as the program's arguments. */
export function argumentsOf(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
}

/** A client of one server, which asks it whatever a test wants to know. */
export async function openClient(url: string) {
  const socket = { tls: true as const, ca: readFileSync(caFile), reconnectStrategy: 20 }
  const client = createClient({ url, password, socket, RESP: 2 })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Starts one. */
export async function startRedis(): Promise<RedisServer> {
  const command = redisCommand()
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  const run = () => startProgram(command, argumentsOf(redisSettings(port, folder)), { env: { PATH: process.env.PATH } })
  let server = run()
  const url = `rediss://localhost:${port}`
  const client = await openClient(url)
  const readPid = async () => Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1])
  let pid = await readPid()
  return {
    url,
    password,
    async contents() {
      const keys = await client.keys('*')
      return new Map(await Promise.all(keys.map(async (key) => [key, (await client.get(key)) ?? ''] as const)))
    },
    ask: (...words) => client.sendCommand(words),
    freeze: () => process.kill(pid, 'SIGSTOP'),
    thaw: () => process.kill(pid, 'SIGCONT'),
    stop: () => server.close(),
    async start() {
      server = run()
      pid = await readPid()
    },
    async close() {
      client.destroy()
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
