import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen } from '../harness/listen.ts'

/** One request as the fake MLflow got it. */
interface Received {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  /** Whether the body came to its end. */
  readonly whole: boolean
}

export type Reply = (request: IncomingMessage, response: ServerResponse) => void

/** A server that answers the proxy's own questions like MLflow, and every other request as the test says. */
export interface FakeUpstream {
  readonly url: string
  /** What came, without the proxy's own questions. */
  readonly received: Received[]
  /** How the next requests are answered. */
  answer: Reply
  /** What it answers the proxy's own questions with, by path. */
  readonly knowledge: Map<string, object>
  /** Milliseconds until each of the proxy's own questions is answered. */
  pause: () => number
  /** Connections that are open. */
  connections(): Promise<number>
  /** The version that it says it has. */
  version: string
  close(): Promise<void>
}

/** Where the fake keeps everything: the caller's default experiment. */
export const experimentId = '7'
export const runId = '0123456789abcdef0123456789abcdef'

const experiment = {
  experiment_id: experimentId,
  name: '/experiments/acc/Default',
  artifact_location: `mlflow-artifacts:/${experimentId}`,
}
const artifactUri = `mlflow-artifacts:/${experimentId}/${runId}/artifacts`
const run = {
  info: { run_id: runId, run_uuid: runId, experiment_id: experimentId, artifact_uri: artifactUri, lifecycle_stage: 'active' },
}

/** What it answers the proxy's own questions with, by path. */
export const knowledge: Readonly<Record<string, object>> = {
  '/api/2.0/mlflow/experiments/get-by-name': { experiment },
  '/api/2.0/mlflow/experiments/get': { experiment },
  '/api/2.0/mlflow/runs/get': { run },
  '/api/2.0/mlflow/model-versions/search': {},
}

/** Answers with a JSON text, or another text and type, when the request has come whole. */
export function reply(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return (request, response) => {
    const answer = () => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
    if (request.readableEnded) answer()
    else request.resume().once('end', answer)
  }
}

/** Writes bytes onto the connection in place of an answer, and ends it; `reset` ends it by a reset. */
export function replyBytes(bytes: string, reset = false): Reply {
  return (_request, { socket }) => {
    if (socket === null) return
    if (reset) socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 20))
    else socket.end(bytes)
  }
}

/** Starts the fake on a free port of this machine. */
export async function startFakeUpstream(): Promise<FakeUpstream> {
  const received: Received[] = []
  const known = new Map(Object.entries(knowledge))
  const server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    const fact = known.get(request.url?.split('?')[0] ?? '')
    const pause = fact === undefined ? 0 : fake.pause()
    if (fact !== undefined && pause > 0) return void setTimeout(() => reply(200, fact)(request, response), pause)
    if (fact !== undefined) return reply(200, fact)(request, response)
    if (request.url?.split('?')[0] === '/version') return reply(200, fake.version)(request, response)
    const { method = '', url = '', rawHeaders } = request
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.once('close', () => received.push({ method, url, rawHeaders, body: Buffer.concat(chunks), whole: request.complete }))
    fake.answer(request, response)
  })
  const port = await listen(server)
  const fake: FakeUpstream = {
    url: `http://127.0.0.1:${port}`,
    received,
    answer: reply(200, {}),
    knowledge: known,
    pause: () => 0,
    connections: () =>
      new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count)))),
    version: '3.17.2',
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return fake
}
