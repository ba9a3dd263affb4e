import t from 'tap'
import { MemoryBudget } from '../../../src/server/limits/memory-budget.ts'
import { readAnswer } from '../../../src/server/pipeline/read-answer.ts'

const MiB = 2 ** 20

/** An answer with many empty objects, each of which takes a hundred times the memory of its text. */
function answer(objects: number, budget: MemoryBudget) {
  const text = `{"a":[${Array(objects).fill('{}').join()}]}`
  const held = budget.open().hold('answer')
  held.note(4 * text.length)
  return { status: 200, contentType: 'application/json', text, held }
}

t.test('what an answer becomes is charged while it is read', async (t) => {
  const budget = new MemoryBudget(16 * MiB)
  const { held, text, ...rest } = answer(20_000, budget)
  await readAnswer({ ...rest, text, held }, {})
  const objects = held.bytes - 4 * text.length
  t.ok(objects > 19_000 * 320 && objects < 21_000 * 320, `${objects} bytes`)
})

t.test('an answer that never fits is refused before it is read whole', async (t) => {
  const budget = new MemoryBudget(16 * MiB)
  await t.rejects(async () => readAnswer(answer(100_000, budget), {}), { reason: 'unknown-answer', message: /too large/ })
  t.ok(budget.used < budget.limit, `${budget.used} bytes`)
})

t.test('it waits for memory that others hold', async (t) => {
  const budget = new MemoryBudget(16 * MiB)
  const others = budget.open()
  others.hold('answer').note(12 * MiB)
  // The first that waits may exceed the limit, so that somebody always goes on.
  const first = budget.open()
  first.hold('answer').grow(12 * MiB)
  const second = answer(20_000, budget)
  let isRead = false
  const reading = Promise.resolve(readAnswer(second, {})).then(() => {
    isRead = true
  })
  for (let turns = 0; turns < 100; turns += 1) await new Promise(setImmediate)
  t.equal(isRead, false)
  others.release()
  first.release()
  await reading
  t.equal(isRead, true)
})
