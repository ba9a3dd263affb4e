import { Socket } from 'node:net'
import t from 'tap'
import { Handout } from '../../../src/server/workers/handout.ts'

interface Taken {
  readonly socket: Socket
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** A worker that takes connections when the test says so. */
function makeTaker(isReady = true) {
  const taken: Taken[] = []
  const take = (_port: string, socket: Socket) =>
    new Promise<void>((resolve, reject) => {
      taken.push({ socket, resolve, reject })
    })
  return { isReady, taken, take }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test('connections go to workers in turns, one at a time each; the others wait', async (t) => {
  const handout = new Handout()
  const [one, other] = [makeTaker(), makeTaker()]
  handout.add(one)
  handout.add(other)
  const sockets = [1, 2, 3, 4].map(() => new Socket())
  for (const socket of sockets) handout.offer('listen', socket)
  t.same([one.taken.length, other.taken.length], [1, 1])
  other.taken[0]?.resolve()
  await turn()
  t.same([one.taken.length, other.taken.length], [1, 2], 'who is busy gets no further one')
  t.equal(other.taken[0]?.socket.destroyed, true, 'what a worker has is closed here')
  t.equal(one.taken[0]?.socket.destroyed, false)
})

t.test('a connection that its worker did not get goes to another one, before those that came later', async (t) => {
  const handout = new Handout()
  const [dying, other] = [makeTaker(), makeTaker()]
  handout.add(dying)
  const [first, second] = [new Socket(), new Socket()]
  handout.offer('listen', first)
  handout.offer('listen', second)
  handout.remove(dying)
  dying.taken[0]?.reject(new Error('gone'))
  await turn()
  handout.add(other)
  t.equal(other.taken[0]?.socket, first)
  other.taken[0]?.resolve()
  await turn()
  t.equal(other.taken[1]?.socket, second)
  t.equal(dying.taken.length, 1)
})

t.test('workers that are not ready get connections only while none is', async (t) => {
  const handout = new Handout()
  const [early, ready] = [makeTaker(false), makeTaker()]
  handout.add(early)
  handout.offer('listen', new Socket())
  t.equal(early.taken.length, 1, 'it can say what is wrong')
  handout.add(ready)
  early.taken[0]?.resolve()
  await turn()
  for (let count = 0; count < 3; count++) {
    handout.offer('listen', new Socket())
    ready.taken[count]?.resolve()
    await turn()
  }
  t.same([early.taken.length, ready.taken.length], [1, 3])
})

t.test('no more than a bounded number waits, and the end of their waiting is told', async (t) => {
  const handout = new Handout()
  const sockets = Array.from({ length: 4_097 }, () => new Socket())
  for (const socket of sockets) handout.offer('listen', socket)
  t.equal(sockets.filter(({ destroyed }) => destroyed).length, 1)
  let isEmpty = false
  const empty = handout.empty().then(() => {
    isEmpty = true
  })
  const taker = { isReady: true, take: async () => undefined }
  await turn()
  t.equal(isEmpty, false)
  handout.add(taker)
  await empty
  t.ok(isEmpty)
})
