import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freePort, startProgram, waitUntilAnswers } from './program.ts'

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** `mlflow-env-proxy agent`, started as in a pod. */
export interface RunningAgent {
  readonly url: string
  logs(): string
  close(): Promise<void>
}

/** Starts it from dist before the proxy at `to`, with further arguments, and waits until it has a token. */
export async function startAgent(to: string, args: readonly string[]): Promise<RunningAgent> {
  if (!existsSync(cli)) throw new Error('dist/cli.js is not there: run npm run build')
  const [port, probes] = [await freePort(), await freePort()]
  const places = ['--to', to, '--listen', `127.0.0.1:${port}`, '--probes', `127.0.0.1:${probes}`]
  const program = startProgram(process.execPath, [cli, 'agent', ...places, ...args], { env: { PATH: process.env.PATH } })
  await waitUntilAnswers(`http://127.0.0.1:${probes}/readyz`, program, 'the agent', 30)
  return { url: `http://127.0.0.1:${port}`, logs: () => program.logs(), close: () => program.close() }
}
