import { parentPort } from 'node:worker_threads'
import { reply, runId, startFakeUpstream } from '../test/fakes/fake-upstream.ts'

// An upstream with negligible cost, in a separate thread. On request it reports how many requests it received, without the proxy's look-ups.
const upstream = await startFakeUpstream()
let count = 0
upstream.answer = (request, response) => {
  upstream.received.length = 0
  count += 1
  reply(200, {})(request, response)
}
parentPort?.on('message', () => parentPort?.postMessage(count))
parentPort?.postMessage({ url: upstream.url, runId })
