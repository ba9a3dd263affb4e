import fc from 'fast-check'
import t from 'tap'
import { Refusal } from '../../../src/policy/reasons.ts'
import type { ShareLimits } from '../../../src/server/config/limit-settings.ts'
import { FairQueue, type FairQueueOptions } from '../../../src/server/limits/fair-queue.ts'
import { jsonWeight } from '../../../src/server/limits/json-weight.ts'
import { ClientPace } from '../../../src/server/limits/least-rate.ts'
import type { Hold } from '../../../src/server/limits/memory-account.ts'
import { MemoryBudget } from '../../../src/server/limits/memory-budget.ts'
import { Limits } from '../../../src/server/limits/request-limits.ts'
import type { Sharer } from '../../../src/server/limits/sharer.ts'

const few: ShareLimits = { principal: 2, environment: 3, everybody: 4, waiting: 3 }

const over = new AbortController()
t.teardown(() => over.abort())

function open(limits: Partial<ShareLimits> = {}, options: Partial<FairQueueOptions> = {}) {
  const shed: string[] = []
  const queue = new FairQueue(
    { ...few, ...limits },
    { kind: 'messages', maximumWait: 5_000, noteShed: (kind, cause) => shed.push(`${kind} ${cause}`), ...options },
  )
  const entered: string[] = []
  const ends: (() => void)[] = []
  const enter = async (environment: string, principal: string, signal?: AbortSignal) => {
    const end = await queue.enter({ environment, principal }, signal)
    entered.push(principal)
    ends.push(end)
    return end
  }
  /** Of a request that may wait to the end of the tests. */
  const start = (environment: string, principal: string) => void enter(environment, principal, over.signal).catch(() => undefined)
  return { queue, enter, start, entered, ends, shed }
}

const refusal = (reason: string) => Object.assign(new Error(), { reason, name: 'Refusal' })
const settled = () => new Promise((resolve) => setImmediate(resolve))
const reasonOf = (error: unknown) => (error instanceof Refusal ? error.reason : String(error))

t.test('a share has a limit for a principal, an environment and everybody', async (t) => {
  const { queue, start, entered } = open()
  for (const [environment, principal] of [
    ['acc', 'a'],
    ['acc', 'a'],
    ['acc', 'a'],
    ['acc', 'b'],
    ['acc', 'c'],
    ['prod', 'd'],
    ['prod', 'e'],
  ] as const)
    start(environment, principal)
  await settled()
  t.same(entered, ['a', 'a', 'b', 'd'], 'two of a principal, three of an environment, four in all')
  t.same([queue.underWay, queue.waiting], [4, 3])
})

t.test('environments take turns, and in each its principals, however many of one wait', async (t) => {
  const { start, entered, ends } = open({ principal: 9, environment: 9, everybody: 1, waiting: 9 })
  for (const name of ['a', 'a', 'a', 'a', 'b', 'b']) start('acc', name)
  for (const name of ['p', 'p', 'q']) start('prod', name)
  for (let turn = 0; turn < 9; turn++) {
    await settled()
    ends.shift()?.()
  }
  t.same(entered, ['a', 'a', 'p', 'b', 'q', 'a', 'p', 'b', 'a'])
})

t.test('whoever leaves ends the share once, and the next one gets on', async (t) => {
  const { queue, enter, start, entered } = open({ everybody: 1 })
  const end = await enter('acc', 'a')
  start('acc', 'b')
  start('acc', 'c')
  end()
  end()
  await settled()
  t.same(entered, ['a', 'b'])
  t.same([queue.underWay, queue.waiting], [1, 1])
})

t.test('a full queue sheds at once, and the longest queue loses what is too much for all', async (t) => {
  const { queue, enter, shed } = open({ everybody: 1, waiting: 600 })
  await enter('acc', 'a')
  const failures: string[] = []
  const flood = (environment: string, principal: string, count: number) => {
    for (let sent = 0; sent < count; sent++)
      void enter(environment, principal, over.signal).catch((error) => failures.push(`${principal} ${reasonOf(error)}`))
  }
  flood('acc', 'a', 601)
  await settled()
  t.same(failures, ['a overloaded'], 'the 601st of one principal')
  flood('acc', 'b', 424)
  flood('prod', 'p', 3)
  await settled()
  t.same(failures.slice(1), ['a overloaded', 'a overloaded', 'a overloaded'], 'three of the longest give way to others')
  t.equal(queue.waiting, 1_024)
  t.same([...new Set(shed)], ['messages full'])
})

t.test('a request that waits too long is shed', async (t) => {
  const { queue, enter, shed } = open({ everybody: 1 }, { maximumWait: 5 })
  await enter('acc', 'a')
  await t.rejects(enter('acc', 'b'), refusal('overloaded'))
  t.same([shed, queue.waiting], [['messages waited'], 0])
})

t.test('a request whose client is gone leaves its place in the queue', async (t) => {
  const { queue, enter, start, entered } = open({ everybody: 1 })
  const end = await enter('acc', 'a')
  const gone = new AbortController()
  const waiting = enter('acc', 'b', gone.signal)
  start('acc', 'c')
  gone.abort(new Error('gone'))
  await t.rejects(waiting, { message: 'gone' })
  await t.rejects(enter('acc', 'd', gone.signal), { message: 'gone' }, 'or does not take one')
  t.equal(queue.waiting, 1)
  end()
  await settled()
  t.same(entered, ['a', 'c'])
})

t.test('a principal that wants more than its share has a part of it while others ask, too', async (t) => {
  let now = 0
  const limits = { principal: 4, environment: 20, everybody: 20, waiting: 9 }
  const { queue, enter, start, ends } = open(limits, { amongOthers: 0.5, clock: () => now })
  const ask = async (count: number) => {
    for (let sent = 0; sent < count; sent++) start('acc', 'a')
    await settled()
  }
  await ask(7)
  t.same([queue.underWay, queue.waiting], [4, 3], 'all of it, while nobody else asks')
  await enter('prod', 'b')
  for (let ended = 0; ended < 2; ended++) ends.shift()?.()
  await settled()
  t.same([queue.underWay, queue.waiting], [3, 3], 'what ends is not replaced, until only the part is left')
  ends.shift()?.()
  await settled()
  t.same([queue.underWay, queue.waiting], [3, 2], 'of the part it is')
  now = 3_000
  await ask(1)
  t.same([queue.underWay, queue.waiting], [3, 3], 'the queue goes on when a share ends')
  ends.shift()?.()
  await settled()
  t.equal(queue.waiting, 0, 'nobody else has asked lately')
})

t.test('of few workers one is left for messages, and of the others one for others', async (t) => {
  const settings = {
    memory: 1,
    leastRate: 0,
    messages: few,
    bytes: { ...few, principal: 9, environment: 9, everybody: 9 },
    models: few,
  }
  for (const [workers, all, own] of [
    [4, 3, 2],
    [2, 1, 1],
    [1, 1, 1],
  ] as const) {
    const limits = new Limits(settings)
    const { workers: queue } = limits
    const enter = async (who: Sharer) => queue.enter(who, over.signal)
    limits.noteWorkers(workers)
    for (let sent = 0; sent < 3; sent++) void enter({ environment: 'acc', principal: 'a' }).catch(() => undefined)
    await settled()
    t.equal(queue.underWay, own, `${workers} workers: of one principal`)
    void enter({ environment: 'prod', principal: 'b' }).catch(() => undefined)
    await settled()
    t.equal(queue.underWay, all, `${workers} workers: of all`)
  }
})

t.test('law: no limit is ever exceeded, and all ends at nothing', async () => {
  const step = fc.record({ who: fc.integer({ min: 0, max: 5 }), kind: fc.constantFrom('enter', 'enter', 'end', 'abort') })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { queue } = open({ waiting: 50 })
      const underWay: { readonly who: Sharer; readonly end: () => void }[] = []
      const waiting: { readonly controller: AbortController; done: boolean }[] = []
      const within = () => {
        const count = (test: (who: Sharer) => boolean) => underWay.filter(({ who }) => test(who)).length
        for (const { who } of underWay) {
          if (count(({ principal }) => principal === who.principal) > few.principal) return false
          if (count(({ environment }) => environment === who.environment) > few.environment) return false
        }
        return underWay.length <= few.everybody && queue.underWay === underWay.length
      }
      for (const { who: number, kind } of steps) {
        const who = { environment: `e${number % 2}`, principal: `p${number}` }
        if (kind === 'end') underWay.shift()?.end()
        else if (kind === 'abort') waiting.find(({ done }) => !done)?.controller.abort(new Error('gone'))
        else {
          const entry = { controller: new AbortController(), done: false }
          waiting.push(entry)
          const enter = async () => queue.enter(who, entry.controller.signal)
          enter().then(
            (end) => {
              entry.done = true
              underWay.push({ who, end })
            },
            () => {
              entry.done = true
            },
          )
        }
        await settled()
        if (!within()) return false
      }
      for (const { controller } of waiting) controller.abort(new Error('gone'))
      for (const { end } of underWay) end()
      await settled()
      return queue.underWay === 0 && queue.waiting === 0
    }),
    { numRuns: 200 },
  )
})

const MiB = 2 ** 20

t.test('memory is counted until it is given back, and what does not fit waits in order', async (t) => {
  const budget = new MemoryBudget(100 * MiB)
  const [first, second, third] = [1, 2, 3].map(() => budget.open(over.signal).hold('request'))
  if (!first || !second || !third) return
  await first.resize(60 * MiB)
  const order: number[] = []
  void second.resize(30 * MiB).then(() => order.push(2))
  void third.resize(10 * MiB).then(() => order.push(3))
  await settled()
  await settled()
  t.same([order, budget.used, budget.waiting], [[], 60 * MiB, 2], 'the small one does not overtake')
  first.release()
  first.release()
  for (let turn = 0; turn < 4; turn++) await settled()
  t.same([order, budget.used, budget.waiting], [[2, 3], 40 * MiB, 0])
  await first.resize(MiB)
  t.equal(budget.used, 40 * MiB, 'nothing is counted for what is over')
})

t.test('what is small waits for nothing large', async (t) => {
  const budget = new MemoryBudget(100 * MiB)
  await budget
    .open()
    .hold('request')
    .resize(75 * MiB)
  const large = budget.open(over.signal).hold('request').resize(MiB)
  large.catch(() => undefined)
  await budget
    .open()
    .hold('request')
    .resize(200 * 1024)
  t.equal(budget.waiting, 1)
})

t.test('what can never fit is refused, not shed', async (t) => {
  const budget = new MemoryBudget(100 * MiB)
  await t.rejects(
    budget
      .open()
      .hold('request')
      .resize(76 * MiB),
    refusal('too-large'),
  )
  await t.rejects(
    budget
      .open()
      .hold('answer')
      .resize(81 * MiB),
    refusal('unknown-answer'),
  )
  const account = budget.open()
  await account.hold('answer').resize(50 * MiB)
  await t.rejects(account.hold('answer').resize(50 * MiB), refusal('unknown-answer'), 'of all of one request together')
})

t.test('requests that hold memory and wait for more of it for their answers all get on, one after the other', async (t) => {
  const budget = new MemoryBudget(100 * MiB)
  let most = 0
  const run = async () => {
    const account = budget.open()
    await account.hold('request').resize(5 * MiB)
    // Everybody has a part of the answer before anybody needs the rest: without a preference none would ever get it.
    const hold = account.hold('answer')
    for (const size of [5, 30, 60, 80]) {
      await hold.resize(size * MiB)
      most = Math.max(most, budget.used)
      await settled()
    }
    account.release()
  }
  await Promise.all(Array.from({ length: 12 }, run))
  t.ok(most > 100 * MiB && most <= 180 * MiB, `overdrawn to ${most / MiB} MiB, and no further`)
  t.same([budget.used, budget.waiting], [0, 0])
})

t.test('a request that is over leaves the queue for memory and its preference', async (t) => {
  const budget = new MemoryBudget(100 * MiB)
  const gone = new AbortController()
  const [blocker, preferred, other] = [budget.open(), budget.open(gone.signal), budget.open()]
  await blocker.hold('answer').resize(80 * MiB)
  await preferred.hold('answer').resize(60 * MiB)
  const waiting = other.hold('answer').resize(60 * MiB)
  const request = preferred.hold('request').resize(50 * MiB)
  await settled()
  t.equal(budget.waiting, 2)
  gone.abort(new Error('gone'))
  await t.rejects(request, { message: 'gone' })
  preferred.release()
  await waiting
  t.same([budget.used, budget.waiting], [140 * MiB, 0], 'another one is preferred')
})

t.test('what a slow client has held the longest is taken from it when somebody waits', async (t) => {
  let now = 0
  const budget = new MemoryBudget(100 * MiB, { clock: () => now })
  const reclaimed: string[] = []
  const hold = async (name: string, bytes: number): Promise<Hold> => {
    const held = budget.open(over.signal).hold('request')
    held.atClient((refusal) => reclaimed.push(`${name} ${refusal.reason}`))
    await held.resize(bytes)
    return held
  }
  await hold('little', 60 * 1024)
  await hold('long', 30 * MiB)
  now = 4_000
  await hold('large', 40 * MiB)
  now = 6_000
  const waiting = budget
    .open()
    .hold('request')
    .resize(20 * MiB)
  budget.reclaim()
  await waiting
  t.same(reclaimed, ['long overloaded'], 'not who came a moment ago, and not who has little')
  t.equal(budget.used, 60 * 1024 + 60 * MiB)
})

t.test('law: memory in use is what is held, within what may be overdrawn, whatever the order', async () => {
  const step = fc.record({
    of: fc.integer({ min: 0, max: 5 }),
    mebibytes: fc.integer({ min: 0, max: 90 }),
    use: fc.constantFrom('request', 'answer'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const budget = new MemoryBudget(100 * MiB)
      const gone = new AbortController()
      const accounts = Array.from({ length: 6 }, () => budget.open(gone.signal))
      const holds = accounts.map((account) => ({ request: account.hold('request'), answer: account.hold('answer') }))
      for (const { of, mebibytes, use } of steps) {
        const hold = holds[of]?.[use]
        if (mebibytes === 0) hold?.release()
        else hold?.resize(mebibytes * MiB).catch(() => undefined)
        await settled()
        const held = holds.reduce((sum, { request, answer }) => sum + request.bytes + answer.bytes, 0)
        if (budget.used !== held || held > 180 * MiB) return false
      }
      gone.abort(new Error('over'))
      for (const account of accounts) account.release()
      await settled()
      await settled()
      return budget.used === 0 && budget.waiting === 0
    }),
    { numRuns: 200 },
  )
})

t.test('JSON weighs what its parts cost, whatever the pieces in which it comes, and what is in a string is text', async (t) => {
  const weigh = (text: string) => jsonWeight(Buffer.from(text))
  t.equal(weigh('"[[[,,,:{"'), 4 * 10)
  t.equal(weigh('"\\"[,"'), 4 * 6 + 64)
  t.equal(weigh('[1,2]'), 4 * 5 + 220 + 100)
  t.equal(weigh('{"a":{}}'), 4 * 8 + 2 * 220 + 100)
  t.equal(weigh('"€"'), 6 * 5, 'a text with such a letter has two bytes for each')
  t.ok(weigh(`[${'{},'.repeat(1_000)}{}]`) > 65 * 3_000, 'more than measured')
})

/** A client of whom only the counters are known. */
function client() {
  const socket = { bytesRead: 0, bytesWritten: 0, writableLength: 0, _handle: { writeQueueSize: 0 } }
  const request = { socket, complete: false, readableLength: 0 }
  const response = { headersSent: false }
  let pace: ClientPace | undefined
  return {
    socket,
    request,
    response,
    /** Begun when it is first asked for. */
    get pace() {
      pace ??= new ClientPace(request, response)
      return pace
    },
  }
}

t.test('a client is too slow when it moves too little in a minute in which it is waited for', async (t) => {
  const minute = (pace: ClientPace, each: () => void = () => undefined) =>
    Array.from({ length: 60 }, () => {
      each()
      return pace.pass(1_000, 100)
    })
  const steady = client()
  t.notOk(
    minute(steady.pace, () => {
      steady.socket.bytesRead += 100
    }).includes(true),
    '100 bytes a second are enough',
  )
  const bursts = client()
  let second = 0
  t.notOk(
    minute(bursts.pace, () => {
      bursts.socket.bytesRead += ++second === 50 ? 6_000 : 0
    }).includes(true),
    'also all at once',
  )
  const trickle = client()
  t.same(
    minute(trickle.pace, () => {
      trickle.socket.bytesRead += 50
    }).indexOf(true),
    59,
    'half as much is not',
  )
  const unread = client()
  unread.request.readableLength = 1
  t.notOk(minute(unread.pace).includes(true), 'not where the proxy does not read')
  const atMlflow = client()
  atMlflow.request.complete = true
  t.notOk(minute(atMlflow.pace).includes(true), 'nor while MLflow takes its time')
  const reader = client()
  reader.request.complete = true
  reader.response.headersSent = true
  reader.socket.bytesWritten = 1_000_000
  reader.socket.writableLength = 900_000
  t.ok(minute(reader.pace).includes(true), 'an answer that is not taken')
  const large = client()
  Object.assign(large.request, { complete: true })
  large.response.headersSent = true
  Object.assign(large.socket, { bytesWritten: 1_000_000, writableLength: 1_000_000, _handle: { writeQueueSize: 1_000_000 } })
  t.notOk(
    minute(large.pace, () => {
      large.socket._handle.writeQueueSize -= 200
    }).includes(true),
    'a large piece that is taken bit by bit',
  )
})

t.end()
