import t from 'tap'
import { atOnce, type Turns } from '../../../src/policy/turns.ts'
import { inTurns } from '../../../src/server/pipeline/in-turns.ts'
import { reply, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startApp } from '../../harness/app.ts'

function* countTo(end: number): Turns<number> {
  for (let count = 0; count < end; count += 1) yield
  return end
}

/** How often others were on while something was done. */
async function turnsOfOthers(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let waiting = setImmediate(function again() {
    turns += 1
    waiting = setImmediate(again)
  })
  await work()
  clearImmediate(waiting)
  return turns
}

/** Milliseconds of the processor's time that passed between turns of others. */
async function pausesOfOthers(work: () => Promise<unknown>): Promise<number[]> {
  const pauses: number[] = []
  let before = process.threadCpuUsage()
  let waiting = setImmediate(function again() {
    const now = process.threadCpuUsage()
    pauses.push((now.user + now.system - before.user - before.system) / 1_000)
    before = now
    waiting = setImmediate(again)
  })
  await work()
  clearImmediate(waiting)
  return pauses
}

t.test('others go on after a millisecond of work, and not before', async (t) => {
  let time = 0
  const clock = (step: number) => () => {
    time += step
    return time
  }
  for (const [step, least, most] of [
    [0, 0, 1],
    [0.01, 9, 12],
    [0.5, 300, 500],
    [3, 999, 1_001],
  ] as const) {
    const turns = await turnsOfOthers(async () => t.equal(await inTurns(countTo(1_000), clock(step)), 1_000))
    t.ok(turns >= least && turns <= most, `${turns} turns of others where a step takes ${step} ms`)
  }
  t.equal(atOnce(countTo(1_000)), 1_000)
})

t.test('of several pieces of work one goes on between two turns of others', async (t) => {
  let time = 0
  const clock = () => (time += 3)
  const works = Array.from({ length: 8 }, () => 200)
  const turns = await turnsOfOthers(async () => {
    t.same(await Promise.all(works.map((end) => inTurns(countTo(end), clock))), works)
  })
  t.ok(turns >= 8 * 199, `${turns} turns of others`)
})

t.test("a refusal in any turn is the work's", async (t) => {
  function* failing(): Turns<never> {
    yield
    throw new RangeError('later')
  }
  t.throws(() => inTurns(failing(), () => 0), RangeError, 'in the first turn')
  let time = 0
  await t.rejects(async () => inTurns(failing(), () => time++), RangeError, 'in a later turn')
})

t.test('a large answer lets others go on', async (t) => {
  const upstream = await startFakeUpstream()
  const app = await startApp({ upstream: upstream.url })
  t.teardown(async () => {
    await app.close()
    await upstream.close()
  })
  const version = (index: number) => ({ name: 'fraud_acc', version: `${index}`, current_stage: 'None', status: 'READY' })
  const latest_versions = Array.from({ length: 60_000 }, (_, index) => version(index))
  upstream.answer = reply(200, { registered_model: { name: 'fraud_acc', latest_versions } })
  const ask = async () => {
    const answer = await fetch(`${app.url}/api/2.0/mlflow/registered-models/get?name=fraud`, {
      headers: { authorization: `Bearer ${app.token}` },
    })
    return (await answer.bytes()).length
  }
  const pauses = await pausesOfOthers(async () => t.equal(await ask(), 4_488_947))
  // In one piece it takes some hundred. What is left are the server and the client of this process, and the collection of garbage.
  const longest = Math.max(...pauses)
  t.ok(longest < 100, `${longest} ms`)
})
