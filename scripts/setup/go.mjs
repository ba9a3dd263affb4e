// Go, for what the tests have from its module proxy. Plain JavaScript for Node 20, no dependencies.
import { spawnSync } from 'node:child_process'
import { isProgram, onPath } from './programs.mjs'

/** The path of Go; null if there is none. Its own place for programs is outside of the PATH where it was unpacked by hand. */
export function findGo() {
  return onPath('go') ?? ['/usr/local/go/bin/go'].find(isProgram) ?? null
}

/** The folder of a module's files, fetched if need be; null where that fails. A module that wants a newer Go is unpacked all the same. */
export function moduleFolder(go, module) {
  const { stdout } = spawnSync(go, ['mod', 'download', '-json', module], { encoding: 'utf8' })
  try {
    return JSON.parse(stdout).Dir ?? null
  } catch {
    return null
  }
}
