// The browser of the UI tests. Plain JavaScript for Node 20, no dependencies.
import { ensureFromDebian, isProgram, onPath } from './programs.mjs'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const advice =
  'Chromium was not found: install it (Debian: apt-get install chromium), or name it with CHROMIUM=/path/to/chromium.'

/** The path of Chromium: $CHROMIUM, otherwise the first on the PATH; null if there is none. */
export function findChromium() {
  if (process.env.CHROMIUM) return isProgram(process.env.CHROMIUM) ? process.env.CHROMIUM : null
  return names.map(onPath).find((path) => path !== null) ?? null
}

/** Installs Chromium from Debian's packages if it is missing and this user may; otherwise throws what to do, in one line. */
export function ensureChromium(say) {
  ensureFromDebian(
    {
      isThere: () => findChromium() !== null,
      isNamed: Boolean(process.env.CHROMIUM),
      packages: ['chromium', 'fonts-liberation'],
      doing: 'installing Chromium for the tests of the web UI',
      advice,
    },
    say,
  )
}
