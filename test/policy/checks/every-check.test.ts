import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const checks = join(import.meta.dirname, '../../../src/policy/checks')

t.test('every check has a test of its own name', async (t) => {
  const files = globSync('*/*.ts', { cwd: checks })
  t.ok(files.length > 30, `${files.length} checks`)
  const without = files.filter((file) => !existsSync(join(import.meta.dirname, file.replace(/\.ts$/, '.test.ts'))))
  t.same(without, [], 'checks without a test')
})
