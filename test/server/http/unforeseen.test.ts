import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const script = fileURLToPath(new URL('../../fakes/unforeseen-server.ts', import.meta.url))
const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
const lines: Record<string, unknown>[] = []
const reader = createInterface({ input: child.stdout })
reader.on('line', (line) => lines.push(JSON.parse(line)))
t.teardown(() => child.kill('SIGKILL'))
await once(reader, 'line')
const url = String(lines[0]?.url)

/** The status of an answer, or that there was none. */
async function ask(path: string): Promise<number | string> {
  try {
    const answer = await fetch(`${url}${path}`)
    await answer.text()
    return answer.status
  } catch {
    return 'broken'
  }
}

t.test('an error that nobody foresaw ends the request that it happened for, and nothing else', async (t) => {
  const slow = ['/timer', '/promise', '/stream'].map((path) => ask(path))
  t.same(await Promise.all(slow), [501, 501, 501], 'a status that no client sends a write again for')
  t.equal(await ask('/answering'), 'broken', 'half an answer does not end as a whole one')
  t.equal(await ask('/fine'), 200, 'the process goes on')
  t.equal(child.exitCode, null)
  for (let tries = 0; lines.filter(({ msg }) => msg === 'an unexpected error').length < 4 && tries < 50; tries++) await sleep(20)
  const told = lines.filter(({ msg }) => msg === 'an unexpected error')
  t.equal(told.length, 4)
  for (const line of told) {
    t.type(line.requestId, 'string', 'the log says whose it was')
    t.match(line, { level: 50, err: { stack: /unforeseen-server/ } })
  }
  const metrics = await (await fetch(`${url}/metrics`)).text()
  t.match(metrics, /^mlflow_env_proxy_unforeseen_errors_total 4$/m)
})

t.end()
