import t from 'tap'
import { type Clock, processClock } from '../../../src/server/facts/clock.ts'
import { EvenTimes } from '../../../src/server/pipeline/timing/even-times.ts'
import { countingClock } from '../../fakes/counting-clock.ts'

/** When work that takes so long leaves, counted from its beginning. */
async function leaves(times: EvenTimes, clock: Clock & { pass(milliseconds: number): void }, duration: number): Promise<number> {
  const beginning = times.begin()
  clock.pass(duration)
  await times.end(beginning)
  return clock.now() - beginning
}

t.test('work leaves at a moment that does not depend on how long it took', async (t) => {
  const clock = countingClock()
  const times = new EvenTimes(clock)
  const moments = new Set<number>()
  for (const duration of [0, 0.3, 5, 12.7, 30]) moments.add(await leaves(times, clock, duration))
  t.same([...moments], [45], 'before anything is known')
  t.same([await leaves(times, clock, 46), await leaves(times, clock, 89)], [90, 90], 'longer work leaves after twice the time')
  t.equal(await leaves(times, clock, 100), 180, 'or four times')
})

t.test('the moment follows what such work usually takes', async (t) => {
  const clock = countingClock()
  const times = new EvenTimes(clock)
  const note = (count: number, duration: number) => {
    for (let noted = 0; noted < count; noted += 1) {
      const beginning = times.begin()
      clock.pass(duration)
      times.note(beginning)
    }
  }
  note(256, 2)
  t.equal(await leaves(times, clock, 1), 20, 'never sooner than this')
  note(256, 40)
  t.equal(await leaves(times, clock, 1), 70)
  note(5, 100_000)
  t.equal(await leaves(times, clock, 1), 70, 'a few that took long do not count')
  note(256, 100_000)
  t.equal(await leaves(times, clock, 1), 2_000, 'and never later than this, where the work itself is done')
})

t.test('the process’s own clock waits until the moment, to the fraction of a millisecond', async (t) => {
  for (const wait of [0, 0.4, 3.3, 12.8]) {
    const moment = processClock.now() + wait
    await processClock.until(moment)
    t.ok(processClock.now() >= moment, `${wait} ms`)
  }
  const moments = Array.from({ length: 50 }, () => processClock.now() + 20)
  await Promise.all(moments.map((moment) => processClock.until(moment)))
  t.ok(processClock.now() >= Math.max(...moments) - 1.5, 'also where many wait at once')
})

t.test('who goes is not waited for', async (t) => {
  const gone = new AbortController()
  const waits = Array.from({ length: 20 }, () => processClock.until(processClock.now() + 60_000, gone.signal))
  gone.abort()
  await Promise.all(waits)
  await processClock.until(processClock.now() + 60_000, gone.signal)
  t.pass('nor who is gone already')
})

t.end()
