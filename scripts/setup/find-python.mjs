import { spawnSync } from 'node:child_process'
import { Missing } from './missing.mjs'

/** The Python version for which the package lists are made. */
export const lockedPython = '3.11'

function inspectPython(command) {
  const code = 'import sys; print("%d.%d" % sys.version_info[:2]); import venv, ensurepip, ssl, sqlite3; print("complete")'
  const { status, stdout } = spawnSync(command, ['-I', '-c', code], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const [version, complete] = (stdout ?? '').trim().split('\n')
  return version ? { command, version, complete: status === 0 && complete === 'complete' } : null
}

let chosenPython = null

/** The Python for the environments: $PYTHON, otherwise the first complete one on the PATH, preferring 3.11. */
export function findPython() {
  if (chosenPython) return chosenPython
  const named = process.env.PYTHON
  const candidates = named ? [named] : [`python${lockedPython}`, 'python3', 'python3.12', 'python3.10', 'python']
  const found = candidates.map(inspectPython).filter((p) => p?.version.startsWith('3.'))
  chosenPython = found.find((p) => p.complete && p.version === lockedPython) ?? found.find((p) => p.complete) ?? null
  if (chosenPython) return chosenPython
  if (found[0]) {
    throw new Missing(
      `${found[0].command} ${found[0].version} lacks venv, pip, ssl or sqlite3: install python3-venv and python3-pip.`,
    )
  }
  throw new Missing(`${named ?? 'python3'} was not found: install Python ${lockedPython} with venv and pip, or set PYTHON.`)
}
