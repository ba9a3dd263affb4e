#!/usr/bin/env node
import { nodeProblem } from './commands/node-version.ts'

async function main(args: readonly string[]): Promise<number | undefined> {
  const problem = nodeProblem(process.versions.node)
  if (problem !== null) {
    process.stderr.write(`${problem}\n`)
    return 1
  }
  // Not before it is known that this Node has what the rest imports.
  const { runCommand } = await import('./commands/run-command.ts')
  return runCommand([...args], process.env, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  })
}

// Whoever reads only the first lines (`routes | head`) has read enough.
const [command] = process.argv.slice(2)
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && command !== 'serve') throw error
})

// Nobody reads what went wrong: no reason to go wrong altogether.
process.stderr.on('error', () => undefined)

process.exitCode = await main(process.argv.slice(2))
