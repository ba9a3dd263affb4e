#!/usr/bin/env node
import { join } from 'node:path'
import { nodeProblem } from './commands/node-version.ts'

/** Milliseconds after which everything that a start needs has been compiled. */
const started = 1_000

/** Keeps compiled code beside the program (not beside its sources), where its user may write there: the next start is faster. */
async function keepCompiledCode(): Promise<void> {
  const { enableCompileCache, flushCompileCache } = await import('node:module')
  enableCompileCache(join(import.meta.dirname, '.compile-cache'))
  // Node itself writes it only at an orderly end.
  setTimeout(flushCompileCache, started).unref()
}

async function main(args: readonly string[]): Promise<number | undefined> {
  const problem = nodeProblem(process.versions.node)
  if (problem !== null) {
    process.stderr.write(`${problem}\n`)
    return 1
  }
  if (import.meta.filename.endsWith('.js')) await keepCompiledCode()
  if (args[0] === 'worker' && process.send !== undefined) {
    const { runWorker } = await import('./server/workers/worker.ts')
    runWorker()
    return undefined
  }
  // Imported only after the check that this Node has everything the rest needs.
  const { runCommand } = await import('./commands/run-command.ts')
  return runCommand([...args], process.env, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  })
}

// A reader that closes the pipe early (`routes | head`) is not an error.
const [command] = process.argv.slice(2)
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && command !== 'serve') throw error
})

// Nobody can read the error message, so that is not a reason to fail.
process.stderr.on('error', () => undefined)

process.exitCode = await main(process.argv.slice(2))
