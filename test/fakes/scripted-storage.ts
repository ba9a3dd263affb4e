import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen } from '../harness/listen.ts'
import type { Storage } from './workspace/storage.ts'

/** A request that storage received, whole or up to where it broke off. */
interface Received {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Storage that answers as a test says, for what real storage does only when it fails. */
export interface ScriptedStorage {
  readonly storage: Storage
  readonly received: Received[]
  /** `host:port`. */
  readonly host: string
  answer: (request: Received, response: ServerResponse) => void
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk)
  } catch {
    // It broke off: what came is what there is.
  }
  return Buffer.concat(chunks)
}

const unsupported = async () => {
  throw new Error('scripted storage keeps nothing')
}

/** Starts storage that answers as a test says. */
export async function startScriptedStorage(credentialType: Storage['credentialType']): Promise<ScriptedStorage> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://storage')
    const { method = '', headers } = request
    const entry = { method, url, headers, body: await readAll(request) }
    received.push(entry)
    script.answer(entry, response)
  })
  const port = await listen(server)
  const host = `127.0.0.1:${port}`
  let signatures = 0
  const script: ScriptedStorage = {
    received,
    host,
    answer: (_request, response) => response.writeHead(201).end(),
    storage: {
      credentialType,
      sign: (path) => `http://${host}/${encodeURI(path)}?sp=rw&sig=secret${++signatures}%2B%2F%3D`,
      signFolder: () => '',
      locationOf: (folder) => folder,
      files: async () => [],
      read: unsupported,
      write: unsupported,
      remove: unsupported,
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve())
          server.closeAllConnections()
        }),
    },
  }
  return script
}
