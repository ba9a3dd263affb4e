import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import t from 'tap'
import { renamedModel } from '../../../../src/server/pipeline/streams/renamed-model.ts'

/** What comes out where a text comes in pieces that end at some of its bytes. */
async function through(text: Buffer, cuts: readonly number[]): Promise<Buffer> {
  const ends = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b)
  const pieces = [0, ...ends].map((start, index) => text.subarray(start, ends[index] ?? text.length))
  return buffer(Readable.from(pieces.filter(({ length }) => length > 0)).pipe(renamedModel('chat_acc', 'chat')))
}

t.test('the model of an answer gets the caller’s name, and nothing else is touched', async (t) => {
  for (const [text, expected] of [
    ['{"model":"chat_acc","x":1}', '{"model":"chat","x":1}'],
    ['{"id":1, "model" : "chat_acc"}', '{"id":1, "model" : "chat"}'],
    ['data: {"model":"chat_acc"}\n\ndata: {"model":"chat_acc"}\n\n', 'data: {"model":"chat"}\n\ndata: {"model":"chat"}\n\n'],
    ['{"model":"chat_acc2"}', '{"model":"chat_acc2"}'],
    ['{"model":"chat_prod"}', '{"model":"chat_prod"}'],
    ['{"models":"chat_acc","content":"chat_acc"}', '{"models":"chat_acc","content":"chat_acc"}'],
    ['{"content":"\\"model\\":\\"chat_acc\\""}', '{"content":"\\"model\\":\\"chat_acc\\""}'],
    ['{"model"', '{"model"'],
    ['', ''],
  ] as const) {
    const bytes = Buffer.from(text)
    t.equal(String(await through(bytes, [])), expected, text)
    for (let cut = 1; cut < bytes.length; cut++) t.equal(String(await through(bytes, [cut])), expected, `${text} at ${cut}`)
  }
})

t.test('it does not matter where an answer is cut', async (t) => {
  const part = fc.constantFrom('"model"', ':', ' ', '"chat_acc"', '"chat_ac', '"', '\\', 'é', '\n', 'm', '"model":"chat_acc"')
  const answer = fc.array(part, { maxLength: 12 }).map((parts) => Buffer.from(parts.join('')))
  await fc.assert(
    fc.asyncProperty(answer, fc.array(fc.nat(80), { maxLength: 8 }), async (bytes, cuts) => {
      const [whole, cut] = await Promise.all([through(bytes, []), through(bytes, cuts)])
      return whole.equals(cut)
    }),
    { numRuns: 300 },
  )
  t.pass('300 answers')
})

t.test('an event is not held back', async (t) => {
  const stream = renamedModel('chat_acc', 'chat')
  stream.write('data: {"model":"chat_acc","choices":[]}\n\n')
  t.equal(String(stream.read()), 'data: {"model":"chat","choices":[]}\n\n')
  stream.destroy()
})
