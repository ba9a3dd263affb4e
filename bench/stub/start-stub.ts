import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** An upstream that costs next to nothing, in a process of its own. */
export interface Stub {
  readonly url: string
  readonly pid: number
  /** How many requests it had, besides the proxy's own questions. */
  count(): Promise<number>
  close(): Promise<void>
}

export async function startStub(): Promise<Stub> {
  const child = fork(fileURLToPath(new URL('./stub-upstream.ts', import.meta.url)), { execArgv: [] })
  const ask = async <T>(question?: string): Promise<T> => {
    const answered = once(child, 'message')
    if (question !== undefined) child.send(question)
    const [answer] = await answered
    return answer
  }
  const url = await ask<string>()
  return {
    url,
    pid: child.pid ?? 0,
    count: () => ask<number>('count'),
    async close() {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}
