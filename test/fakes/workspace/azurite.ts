import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startProgram } from '../../harness/program.ts'
import type { Storage, StoredFile } from './storage.ts'

const program = fileURLToPath(new URL('../../../node_modules/azurite/dist/src/blob/main.js', import.meta.url))
const version = '2021-12-02'
const account = 'workspacestore'
const container = 'root'

/** Signs with the account's key, as docs.microsoft.com's "Create a service SAS" and "Create an account SAS" say. */
function makeSigner(key: string) {
  const sign = (lines: readonly string[]) =>
    createHmac('sha256', Buffer.from(key, 'base64')).update(lines.join('\n'), 'utf8').digest('base64')
  const moment = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
  const protocols = 'https,http'
  return {
    service(resource: 'b' | 'c', path: string, permissions: string, seconds: number) {
      const expiry = moment(seconds)
      const place = resource === 'b' ? `/blob/${account}/${container}/${path}` : `/blob/${account}/${container}`
      // permissions, start, expiry, place, identifier, addresses, protocols, version, resource, snapshot, scope, 5 headers
      const lines = [permissions, '', expiry, place, '', '', protocols, version, resource, '', '', '', '', '', '', '']
      const query = { sv: version, spr: protocols, se: expiry, sr: resource, sp: permissions, sig: sign(lines) }
      return new URLSearchParams(query).toString()
    },
    account() {
      const expiry = moment(86_400)
      const permissions = 'rwdlacup'
      const lines = [account, permissions, 'b', 'sco', '', expiry, '', protocols, version, '', '']
      const query = { sv: version, ss: 'b', srt: 'sco', sp: permissions, se: expiry, spr: protocols, sig: sign(lines) }
      return new URLSearchParams(query).toString()
    },
  }
}

async function startService(key: string) {
  const folder = mkdtempSync(join(tmpdir(), 'azurite-'))
  // The API version of a client newer than Azurite is let through, and nothing is sent home (measured beside fact 97).
  const flags = [
    '--blobHost',
    '127.0.0.1',
    '--blobPort',
    '0',
    '--inMemoryPersistence',
    '--skipApiVersionCheck',
    '--disableTelemetry',
  ]
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, AZURITE_ACCOUNTS: `${account}:${key}` }
  const service = startProgram(process.execPath, [program, ...flags], { cwd: folder, env })
  const close = async () => {
    await service.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  for (const end = Date.now() + 30_000; ; await sleep(50)) {
    const url = /successfully listens on (http:\/\/\S+)/.exec(service.logs())?.[1]
    if (url) return { url: `${url}/${account}`, close }
    if (service.isRunning() && Date.now() < end) continue
    await close()
    throw new Error(`Azurite did not start:\n${service.logs().slice(-2000)}`)
  }
}

const encodePath = (path: string) => path.split('/').map(encodeURIComponent).join('/')
const decodeXml = (xml: string) =>
  xml.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'").replaceAll('&amp;', '&')

function readListing(xml: string): { files: StoredFile[]; next: string } {
  const blobs = xml.match(/<Blob>.*?<\/Blob>/gs) ?? []
  const files = blobs.map((blob) => ({
    path: decodeXml(/<Name>(.*?)<\/Name>/s.exec(blob)?.[1] ?? ''),
    size: Number(/<Content-Length>(\d+)</.exec(blob)?.[1] ?? 0),
  }))
  return { files, next: decodeXml(/<NextMarker>(.*?)<\/NextMarker>/.exec(xml)?.[1] ?? '') }
}

/** Starts Azurite's blob service with one container; its SAS URLs are signed and checked as Azure's are. */
export async function startAzurite(): Promise<Storage> {
  const key = randomBytes(64).toString('base64')
  const { url, close } = await startService(key)
  const signer = makeSigner(key)
  const everything = signer.account()
  const send = async (method: string, path: string, query: string, body?: Uint8Array) => {
    const headers = body ? { 'x-ms-blob-type': 'BlockBlob', 'x-ms-version': version } : { 'x-ms-version': version }
    const address = `${url}/${container}${path}?${query}${everything}`
    const response = await fetch(address, { method, headers, ...(body ? { body: new Uint8Array(body) } : {}) })
    if (!response.ok && response.status !== 404) throw new Error(`Azurite: ${response.status} ${await response.text()}`)
    return response
  }
  await send('PUT', '', 'restype=container&')
  return {
    credentialType: 'AZURE_SAS_URI',
    sign: (path, may, seconds) =>
      `${url}/${container}/${encodePath(path)}?${signer.service('b', path, may === 'read' ? 'r' : 'cw', seconds)}`,
    signFolder: (_folder, may, seconds) => signer.service('c', '', may === 'read' ? 'rl' : 'rcwl', seconds),
    // An emulator has no host for each account.
    locationOf: (folder) => `wasbs://${container}@${account}.blob.${new URL(url).host}/${folder}`,
    async files(folder) {
      const all: StoredFile[] = []
      let marker = ''
      do {
        const query = { restype: 'container', comp: 'list', prefix: `${folder}/`, ...(marker === '' ? {} : { marker }) }
        const page = readListing(await (await send('GET', '', `${new URLSearchParams(query)}&`)).text())
        all.push(...page.files)
        marker = page.next
      } while (marker !== '')
      return all
    },
    async read(path) {
      const response = await send('GET', `/${encodePath(path)}`, '')
      return response.status === 404 ? null : Buffer.from(await response.arrayBuffer())
    },
    write: async (path, bytes) => void (await send('PUT', `/${encodePath(path)}`, '', bytes)),
    remove: async (path) => void (await send('DELETE', `/${encodePath(path)}`, '')),
    close,
  }
}
