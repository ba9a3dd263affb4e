// The browser of the UI tests. Plain JavaScript for Node 20, no dependencies.
import { debianProgram } from './programs.mjs'

export const { find: findChromium, ensure: ensureChromium } = debianProgram({
  title: 'Chromium',
  variable: 'CHROMIUM',
  names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
  packages: ['chromium', 'fonts-liberation'],
  purpose: 'for the tests of the web UI',
})
