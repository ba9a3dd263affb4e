#!/usr/bin/env node
import { nodeProblem } from './commands/node-version.ts'

async function main(args: readonly string[]): Promise<number | undefined> {
  const problem = nodeProblem(process.versions.node)
  if (problem !== null) {
    process.stderr.write(`${problem}\n`)
    return 1
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
