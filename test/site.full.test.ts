import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

t.test('the site of the documentation is built, and no link in it is broken', async (t) => {
  const script = fileURLToPath(new URL('../scripts/run/build-docs.mjs', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  t.equal(status, 0, 'it is built', { output: `${stdout}${stderr}`.slice(-2_000) })
  t.match(stdout, /\d{2} pages in /)
})
