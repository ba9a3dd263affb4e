import t from 'tap'
import { endingName } from '../../../src/server/login/login-ends.ts'
import { Channel } from '../../../src/server/workers/channel.ts'
import type { OfPrimary, OfWorker } from '../../../src/server/workers/questions.ts'
import { SharedLogins } from '../../../src/server/workers/shared-logins.ts'
import { SharedPromotions } from '../../../src/server/workers/shared-promotions.ts'
import { SharedState, type Sharing } from '../../../src/server/workers/shared-state.ts'
import { makePeers } from '../../fakes/peers.ts'

const changes = (...keys: string[]) => ({ changes: keys, promotes: [] })
const promotes = (...keys: string[]) => ({ changes: [], promotes: keys })

/** A primary, and what starts workers of it. */
function makeTeam() {
  const workers = new Set<Sharing>()
  const state = new SharedState(() => [...workers])
  const start = () => {
    const peers = makePeers()
    const worker: Sharing = { ask: (name, given) => toWorker.ask(name, given) }
    const toWorker: Channel<OfWorker> = new Channel(peers.primary, state.answersTo(worker))
    const begin = state.start()
    const toPrimary: Channel<OfPrimary> = new Channel(peers.worker, {
      promotionBegins: async (promotion: OfWorker['promotionBegins']['given']) => {
        await promotions.begin(promotion)
        return null
      },
      promotionEnds: (id: string): void => promotions.end(id),
      loginEnded: (ended: OfWorker['loginEnded']['given']): void => logins.noteEnd(ended),
    })
    const promotions = new SharedPromotions(toPrimary)
    const logins = new SharedLogins(begin.loginKey, toPrimary)
    for (const ended of begin.endedLogins) logins.noteEnd(ended)
    for (const promotion of begin.promotions) void promotions.begin(promotion)
    workers.add(worker)
    const end = () => {
      workers.delete(worker)
      peers.end()
      state.forget(worker)
    }
    return { promotions, logins, end }
  }
  return { start, state }
}

/** Some turns, in which everything that can go on does. */
async function settle() {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function note(log: string[], name: string, entered: Promise<unknown>) {
  entered.then(
    () => log.push(name),
    () => log.push(`${name} gave up`),
  )
}

t.test('a promotion at one worker waits for the changes of all, and later changes wait for it and decide again', async (t) => {
  const { start } = makeTeam()
  const [one, other] = [start(), start()]
  const log: string[] = []
  const change = await other.promotions.enter(changes('run 1'), other.promotions.promotions)
  const promotion = one.promotions.enter(promotes('run 1'), one.promotions.promotions)
  note(log, 'promotion', promotion)
  await settle()
  t.same(log, [], 'a change is under way at the other worker')
  const decided = other.promotions.promotions
  const late = other.promotions.enter(changes('run 1'), decided)
  note(log, 'late change', late)
  t.equal((await other.promotions.enter(changes('run 2'), decided)).stale, false, 'what is of another thing waits for nothing')
  change.release()
  const held = await promotion
  await settle()
  t.same(log, ['promotion'])
  held.release()
  t.equal((await late).stale, true, 'its decision is older than the promotion')
})

t.test('promotions of one thing go one after the other, at whichever worker, and the second decides again', async (t) => {
  const { start } = makeTeam()
  const [one, other] = [start(), start()]
  const decided = other.promotions.promotions
  const first = await one.promotions.enter(promotes('run 1'), one.promotions.promotions)
  const log: string[] = []
  const second = other.promotions.enter(promotes('run 1'), decided)
  note(log, 'second', second)
  t.equal((await other.promotions.enter(promotes('run 2'), decided)).stale, false)
  await settle()
  t.same(log, [])
  first.release()
  t.equal((await second).stale, true)
})

t.test('whoever gives up waiting leaves nothing locked, before the order and in the workers', async (t) => {
  const { start, state } = makeTeam()
  const [one, other] = [start(), start()]
  const change = await other.promotions.enter(changes('run 1'), 0)
  for (const more of [0, 1]) {
    const gone = new AbortController()
    const waiting = one.promotions.enter(promotes('run 1'), 0, gone.signal)
    const behind = more === 0 ? null : one.promotions.enter(promotes('run 1'), 0)
    await settle()
    gone.abort(new Error('the client is gone'))
    await t.rejects(waiting, { message: 'the client is gone' })
    if (behind === null) continue
    change.release()
    ;(await behind).release()
  }
  await settle()
  t.same(state.start().promotions, [])
  ;(await one.promotions.enter(changes('run 1'), undefined)).release()
  t.same((await other.promotions.enter(changes('run 1'), other.promotions.promotions)).stale, false)
})

t.test('a worker that ends holds up nobody: neither as who changes nor as who promotes', async (t) => {
  const { start } = makeTeam()
  const [one, other, third] = [start(), start(), start()]
  await other.promotions.enter(changes('run 1'), 0)
  const promotion = one.promotions.enter(promotes('run 1'), 0)
  await settle()
  other.end()
  await promotion
  const late = third.promotions.enter(changes('run 1'), third.promotions.promotions)
  await settle()
  one.end()
  t.equal((await late).stale, true)
})

t.test('a worker that begins during a promotion waits for its end as the others do', async (t) => {
  const { start } = makeTeam()
  const one = start()
  const held = await one.promotions.enter(promotes('run 1'), 0)
  const young = start()
  const log: string[] = []
  note(log, 'change', young.promotions.enter(changes('run 1'), young.promotions.promotions))
  await settle()
  t.same(log, [])
  held.release()
  await settle()
  t.same(log, ['change'])
})

t.test('who logged out at one worker has logged out at all, and at those that begin later', async (t) => {
  const { start } = makeTeam()
  const [one, other] = [start(), start()]
  const names = ['session', endingName({ subject: 'anna' }, 'proved'), endingName({ issuerSession: 'o' }, 'unproved')]
  for (const name of names) {
    await one.logins.end({ name, at: 5, milliseconds: 60_000 })
    t.ok(one.logins.hasEnded([name], 4))
    t.ok(other.logins.hasEnded([name], 4), 'when the logout is answered')
    t.notOk(other.logins.hasEnded([name], 6), 'a later login goes on')
    t.ok(start().logins.hasEnded([name], 4))
  }
  t.notOk(other.logins.hasEnded(['another'], 4))
  t.same(other.logins.key, one.logins.key, 'cookies of one are good at the other')
})

t.test('a code or a logout token is taken once, at whichever worker', async (t) => {
  const { start } = makeTeam()
  const [one, other] = [start(), start()]
  const use = ({ logins }: typeof one, id: string) => logins.useOnce({ id, milliseconds: 60_000 })
  const taken = await Promise.all([use(one, 'code'), use(other, 'code'), use(one, 'another')])
  t.same(taken.filter(Boolean).length, 2)
  t.equal(await use(other, 'code'), false)
})
