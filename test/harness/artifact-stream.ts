import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'

/** Bytes. */
export const MiB = 1024 * 1024
const block = randomBytes(MiB)

/** The way to a run's artifacts: the proxy, whoever asks, and where the artifacts are served. */
export interface Ingress {
  readonly proxy: { readonly url: string }
  readonly token: string
  readonly store: string
}

/** Begins a request for an artifact, on a connection of its own. */
export function ask({ proxy, token, store }: Ingress, method: string, name: string, headers: Record<string, string> = {}) {
  const path = `${store}/${name.split('/').map(encodeURIComponent).join('/')}`
  return request(`${proxy.url}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...headers }, agent: false })
}

/** The whole answer. */
export async function finish(
  asked: ReturnType<typeof request>,
): Promise<{ status: number | undefined; body: string; headers: IncomingMessage['headers'] }> {
  const [answer]: IncomingMessage[] = await once(asked, 'response')
  if (answer === undefined) throw new Error('no answer')
  let body = ''
  for await (const chunk of answer.setEncoding('latin1')) body += chunk
  return { status: answer.statusCode, body, headers: answer.headers }
}

/** Uploads what is at hand. */
export function put(
  ingress: Ingress,
  name: string,
  content: Buffer,
  headers: Record<string, string> = { 'content-length': String(content.length) },
) {
  const asked = ask(ingress, 'PUT', name, headers)
  asked.end(content)
  return finish(asked)
}

/** Uploads so many blocks as fast as they are taken; gives the digest of what was sent. */
export async function sendBlocks(ingress: Ingress, name: string, bytes: number, chunked = false) {
  const asked = ask(ingress, 'PUT', name, chunked ? {} : { 'content-length': String(bytes) })
  const digest = createHash('sha256')
  const done = finish(asked)
  for (let sent = 0; sent < bytes; sent += block.length) {
    block.writeUInt32BE(sent / block.length)
    const part = Buffer.from(block)
    digest.update(part)
    if (!asked.write(part)) await Promise.race([once(asked, 'drain'), done])
  }
  asked.end()
  return { status: (await done).status, digest: digest.digest('hex') }
}

/** Downloads an artifact; gives its digest and length. `pause` may hold the reader up. */
export async function readDigest(
  ingress: Ingress,
  name: string,
  pause: (bytes: number) => Promise<unknown> | undefined = () => undefined,
) {
  const asked = ask(ingress, 'GET', name)
  asked.end()
  const [answer]: IncomingMessage[] = await once(asked, 'response')
  const digest = createHash('sha256')
  let bytes = 0
  for await (const chunk of answer ?? []) {
    digest.update(chunk)
    bytes += chunk.length
    await pause(bytes)
  }
  return { digest: digest.digest('hex'), bytes }
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

/** By how many MiB the proxy's memory grows at most while something is done. */
export async function growth(
  { proxy }: { readonly proxy: { readonly pid: number } },
  work: () => Promise<void>,
): Promise<number> {
  const before = residentBytes(proxy.pid)
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes(proxy.pid))
  }, 20)
  await work().finally(() => clearInterval(timer))
  return Math.round((Math.max(most, residentBytes(proxy.pid)) - before) / MiB)
}
