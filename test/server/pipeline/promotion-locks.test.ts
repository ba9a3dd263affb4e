import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { PromotionLocks } from '../../../src/server/pipeline/promotion-locks.ts'

interface Keys {
  readonly changes: readonly string[]
  readonly promotes: readonly string[]
}
const changes = (...keys: string[]): Keys => ({ changes: keys, promotes: [] })
const promotes = (...keys: string[]): Keys => ({ changes: [], promotes: keys })

/** Enters and notes when it is in. */
function enter(locks: PromotionLocks, keys: Keys, log: string[], name: string, signal?: AbortSignal) {
  const entered = locks.enter(keys, locks.promotions, signal)
  entered.then(
    () => log.push(name),
    () => log.push(`${name} gave up`),
  )
  return entered
}

t.test('changes of one thing go on side by side, and a promotion of it alone', async (t) => {
  const locks = new PromotionLocks()
  const log: string[] = []
  const first = await enter(locks, changes('run 1'), log, 'change')
  const second = await enter(locks, changes('run 1'), log, 'another change')
  const promotion = enter(locks, promotes('run 1', 'version 1'), log, 'promotion')
  const late = enter(locks, changes('run 1'), log, 'a late change')
  await enter(locks, changes('run 2'), log, 'another run')
  await enter(locks, promotes('run 3'), log, 'another promotion')
  await sleep(5)
  t.same(log, ['change', 'another change', 'another run', 'another promotion'], 'what is of another thing waits for nothing')
  first.release()
  first.release()
  await sleep(5)
  t.notOk(log.includes('promotion'), 'one of two is not both')
  second.release()
  const { release } = await promotion
  await sleep(5)
  t.notOk(log.includes('a late change'), 'who came after the promotion waits for it')
  release()
  t.equal((await late).stale, true, 'and is told that its decision is out of date')
})

t.test('two promotions of one thing go one after the other', async (t) => {
  const locks = new PromotionLocks()
  const first = await locks.enter(promotes('run 1'), 0)
  const log: string[] = []
  const second = enter(locks, promotes('run 1'), log, 'second')
  await sleep(5)
  t.same(log, [])
  first.release()
  t.equal((await second).stale, true)
})

t.test('a decision is out of date by a promotion that ended after it began, whatever it was of', async (t) => {
  const locks = new PromotionLocks()
  const before = locks.promotions
  const { release } = await locks.enter(promotes('run 9'), before)
  t.equal((await locks.enter(changes('run 1'), before)).stale, false)
  release()
  t.equal((await locks.enter(changes('run 1'), before)).stale, true)
  t.equal((await locks.enter(changes('run 1'), locks.promotions)).stale, false)
  t.equal((await locks.enter(changes('run 1'), undefined)).stale, true, 'one of unknown age is')
  t.equal((await locks.enter(changes(), before)).stale, false, 'but not of what touches nothing')
})

t.test('who waits too long is told to come back, and leaves nothing behind', async (t) => {
  const locks = new PromotionLocks(20)
  const { release } = await locks.enter(promotes('run 1'), 0)
  await t.rejects(locks.enter(changes('run 1'), 0), { message: /Try again shortly/ })
  release()
  const again = await locks.enter(promotes('run 1'), 0)
  t.ok(again)
})

t.test('who goes away gives up its place, and those behind it move up', async (t) => {
  const locks = new PromotionLocks()
  const gone = new AbortController()
  const log: string[] = []
  const first = await enter(locks, changes('run 1'), log, 'first')
  const promotion = enter(locks, promotes('run 1'), log, 'promotion', gone.signal)
  const late = enter(locks, changes('run 1'), log, 'late')
  await sleep(5)
  gone.abort(new Error('gone'))
  await t.rejects(promotion, { message: 'gone' })
  await late
  t.same(
    log,
    ['first', 'promotion gave up', 'late'].sort((a, b) => log.indexOf(a) - log.indexOf(b)),
  )
  t.equal(locks.promotions, 0, 'and was none')
  first.release()
})

t.end()
