// Programs on the machine that the tests need. Plain JavaScript for Node 20, no dependencies.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { Missing } from './missing.mjs'

/** Whether the file exists and this user may run it. */
export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The path of a program on the PATH; null if there is none. */
export function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null
}

/** Installs Debian packages if something is missing and this user may; otherwise throws what to do, in one line. */
export function ensureFromDebian({ isThere, isNamed, packages, doing, advice }, say) {
  if (isThere()) return
  if (isNamed || process.getuid?.() !== 0 || onPath('apt-get') === null) throw new Missing(advice)
  say(`apt-get: ${doing}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    spawnSync('apt-get', args, { env, stdio: 'ignore' })
  }
  if (!isThere()) throw new Missing(advice)
}

/**
 * A program that `$variable` names, or that is on the PATH by one of its names, or in one of Debian's folders outside of it.
 * `find` gives its path, null if there is none; `ensure` installs it as `ensureFromDebian` does.
 */
export function debianProgram({ title, variable, names, paths = [], packages, purpose }) {
  const find = () => {
    const named = process.env[variable]
    if (named) return isProgram(named) ? named : null
    return names.map(onPath).find((path) => path !== null) ?? paths.find(isProgram) ?? null
  }
  const advice = `${title} was not found: install it (Debian: apt-get install ${packages[0]}), or name it with ${variable}=/path/to/${names[0]}.`
  const ensure = (say) =>
    ensureFromDebian(
      {
        isThere: () => find() !== null,
        isNamed: Boolean(process.env[variable]),
        packages,
        doing: `installing ${title} ${purpose}`,
        advice,
      },
      say,
    )
  return { find, ensure }
}
