import t from 'tap'
import { atOnce } from '../../../src/policy/turns.ts'
import { encodeInTurns } from '../../../src/server/pipeline/forms/encoded-text.ts'

const turn = 131_072

t.test('a text in parts is encoded as the text in one', async (t) => {
  for (const parts of [
    [],
    [''],
    ['a'],
    ['a', 'é', '中', '😀'],
    ['x'.repeat(turn), 'y', 'z'.repeat(3 * turn + 1)],
    ['é'.repeat(2 * turn), 'a'],
    // A pair may stand where a part is cut.
    [`${'x'.repeat(turn - 1)}😀${'x'.repeat(turn - 2)}😀😀`],
    ['😀'.repeat(turn)],
    [`x${'😀'.repeat(turn)}`],
  ])
    t.ok(atOnce(encodeInTurns(parts)).equals(Buffer.from(parts.join(''))), `${parts.length} parts`)
})

t.test('others get their turn after so many characters at most', async (t) => {
  for (const parts of [['x'.repeat(20 * turn)], Array(40 * 64).fill('x'.repeat(turn / 128)), Array(20).fill('é'.repeat(turn))]) {
    const steps = [...encodeInTurns(parts)].length
    t.ok(steps >= 2 * 19, `${steps} rests, measuring and writing`)
  }
})
