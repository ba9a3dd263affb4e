import t from 'tap'
import { checkSizes } from '../../../../src/policy/checks/request/sizes.ts'
import { toMessage } from '../../../fakes/fake-fact-source.ts'

const limit = { characters: 7, items: 2, key: 5 }
const judged = (value: unknown) => () => checkSizes([['it', limit]], toMessage({ it: value }))
const tooLong = { reason: 'invalid-parameter', message: /exceeds the maximum length of 7 characters/ }
const longKey = { reason: 'invalid-parameter', message: /exceeds the maximum length of 5 characters/ }
const tooMany = { reason: 'invalid-parameter', message: /can contain at most 2 items. Got 3 items/ }
const [fits, long] = ['1234567', '12345678']

t.test('nothing holds more than its meaning may, at any level', async (t) => {
  for (const value of [fits, ['a', 'b'], { a: 'x', bcdef: fits }, 1234567, [{ key: 'abcde', value: fits }]])
    t.doesNotThrow(judged(value))
  for (const value of [long, [long], { a: long }, 12345678, [[[long]]]]) t.throws(judged(value), tooLong)
  t.throws(judged({ abcdef: 'x' }), longKey)
  t.throws(judged([{ key: 'abcdef' }]), longKey, 'the key of a tag')
  t.throws(judged(['a', 'b', 'c']), tooMany)
  t.throws(judged({ a: 1, b: 2, c: 3 }), tooMany)
  t.doesNotThrow(() => checkSizes([['other', limit]], toMessage({ it: long })), 'another field has another limit')
})
