#!/usr/bin/env node
import { runCommand } from './commands/run-command.ts'

// Whoever reads only the first lines (`routes | head`) has read enough.
const [command] = process.argv.slice(2)
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && command !== 'serve') throw error
})

// Nobody reads what went wrong: no reason to go wrong altogether.
process.stderr.on('error', () => undefined)

process.exitCode = await runCommand(process.argv.slice(2), process.env, {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
})
