import { parentPort } from 'node:worker_threads'
import { reply, runId, startFakeUpstream } from '../test/support/fake-upstream.ts'

// An upstream that costs next to nothing, in a thread of its own.
const upstream = await startFakeUpstream()
upstream.answer = (request, response) => {
  upstream.received.length = 0
  reply(200, {})(request, response)
}
parentPort?.postMessage({ url: upstream.url, runId })
