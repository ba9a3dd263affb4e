import { mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ConfigWatch } from '../../../src/server/reload/config-watch.ts'

/** A watch whose looks are asked for, and how often it saw a change. */
function watch(file: string) {
  const state = { changes: 0, answer: 'settled' as 'settled' | 'try again' }
  const watched = new ConfigWatch(file, async () => {
    state.changes += 1
    return state.answer
  })
  const look = async (times: number) => {
    for (let time = 0; time < times; time++) await watched.look()
    return state.changes
  }
  return { state, look }
}

t.test('a volume of Kubernetes swaps a link, and the file behind it is another', async (t) => {
  const folder = t.testdir()
  const swap = (name: string, text: string) => {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'config.yaml'), text)
    symlinkSync(name, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  swap('..2026_1', 'a: 1')
  symlinkSync('..data/config.yaml', join(folder, 'config.yaml'))
  const { look } = watch(join(folder, 'config.yaml'))
  t.equal(await look(3), 1, 'once at first: it may have changed since it was read')
  swap('..2026_2', 'a: 2')
  t.equal(await look(3), 2)
  swap('..2026_3', 'a: 2')
  t.equal(await look(3), 2, 'the same content is no change')
})

t.test('a file that is being written, or gone, is waited for', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a: 1' }), 'config.yaml')
  const { look } = watch(file)
  t.equal(await look(2), 1)
  for (const text of ['a: 2', 'a: 2\nb', 'a: 2\nb: 3']) {
    writeFileSync(file, text)
    t.equal(await look(1), 1, text)
  }
  t.equal(await look(1), 2)
  unlinkSync(file)
  t.equal(await look(3), 2)
  writeFileSync(file, 'a: 4')
  t.equal(await look(2), 3)
})

t.test('what could not be taken is tried again', async (t) => {
  const { look, state } = watch(join(t.testdir({ 'config.yaml': 'a: 1' }), 'config.yaml'))
  state.answer = 'try again'
  t.equal(await look(3), 2)
  state.answer = 'settled'
  await look(2)
  const settled = state.changes
  t.equal(await look(3), settled)
})
