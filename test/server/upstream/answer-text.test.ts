import t from 'tap'
import { Random } from '../../../fuzz/random.ts'
import { AnswerText } from '../../../src/server/upstream/answer-text.ts'
import { checkUpstreamAuthentication, refusesCredentials } from '../../../src/server/upstream/authentication-errors.ts'
import { refuseIntermediary } from '../../../src/server/upstream/intermediaries.ts'
import { textParts, upstreamAnswer } from '../../../src/server/upstream/upstream-answer.ts'
import { readWorkspaceAnswer } from '../../../src/server/upstream/workspace-answers.ts'

/** What becomes of bytes that arrive in chunks of random lengths. */
function decode(bytes: Buffer, random: Random): readonly string[] {
  const text = new AnswerText()
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random.below(200_000)
    text.add(bytes.subarray(at, end))
    at = end
  }
  return text.end()
}

t.test('a long answer is decoded in parts, wherever its chunks end', async (t) => {
  const random = new Random(1)
  for (const word of ['x', 'é', '✓', '🙂', 'aé✓🙂']) {
    const text = word.repeat(Math.ceil(2_600_000 / Buffer.byteLength(word)))
    const parts = decode(Buffer.from(text), random)
    t.equal(parts.length, 3, `${word}: parts`)
    t.ok(parts.join('') === text, `${word}: what they say`)
    t.ok(
      parts.every((part) => part.isWellFormed()),
      `${word}: none ends within a character`,
    )
  }
})

t.test('what is no UTF-8 ends, and says so', async (t) => {
  for (const byte of [0x80, 0xbf, 0xf0, 0xff]) {
    const parts = decode(Buffer.alloc(2_600_000, byte), new Random(byte))
    t.ok(
      parts.every((part) => /^\ufffd+$/.test(part)),
      `${byte}`,
    )
  }
})

t.test('nobody who looks for a refusal puts the parts of a good answer together', async (t) => {
  let looks = 0
  const good = {
    status: 200,
    contentType: 'application/json',
    get text() {
      looks += 1
      return '{}'
    },
  }
  for (const kind of ['mlflow', 'databricks'] as const) {
    t.equal(refusesCredentials(kind, good), false)
    for (const owner of ['proxy', 'caller', 'exchanged'] as const) checkUpstreamAuthentication(kind, owner, good)
    t.equal(readWorkspaceAnswer(kind, good), good)
  }
  for (const again of [false, true]) refuseIntermediary(good, again)
  t.equal(looks, 0)
})

t.test('the parts of an answer are its own: a copy that says something else has none of them', async (t) => {
  const answer = upstreamAnswer(200, {}, { parts: ['a', 'b'] })
  t.equal(answer.text, 'ab')
  t.same(textParts(answer), ['a', 'b'])
  t.same(textParts({ ...answer, text: 'c' }), ['c'])
  t.same(textParts({ ...answer }), ['ab'])
  t.same(textParts(upstreamAnswer(200, {}, { parts: ['a'] })), ['a'])
})

t.end()
