import { Agent, request } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

// Opens the given number of connections; each sends its next request as soon as it is answered.
const { url, token, connections }: { url: string; token: string; connections: number } = workerData
const agent = new Agent({ keepAlive: true, maxSockets: connections })
const counts = new Map<number, number>()
let stopped = false

function ask(): void {
  if (stopped) return
  const end = (status: number) => {
    counts.set(status, (counts.get(status) ?? 0) + 1)
    ask()
  }
  const asked = request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
    answer.resume().once('end', () => end(answer.statusCode ?? 0))
  })
  asked.once('error', () => end(0)).end()
}

for (let connection = 0; connection < connections; connection++) ask()
parentPort?.once('message', () => {
  stopped = true
  parentPort?.postMessage([...counts].map(([status, count]) => `${count} × ${status}`).join(', '))
})
setTimeout(() => parentPort?.postMessage('under way'), 500)
