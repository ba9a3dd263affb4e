import { parentPort } from 'node:worker_threads'
import { reply, runId, startFakeUpstream } from '../test/fakes/fake-upstream.ts'

// An upstream that costs next to nothing, in a thread of its own. Asked how many requests it had, besides the proxy's own questions, it says so.
const upstream = await startFakeUpstream()
let count = 0
upstream.answer = (request, response) => {
  upstream.received.length = 0
  count += 1
  reply(200, {})(request, response)
}
parentPort?.on('message', () => parentPort?.postMessage(count))
parentPort?.postMessage({ url: upstream.url, runId })
