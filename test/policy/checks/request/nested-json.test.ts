import t from 'tap'
import { parseNested } from '../../../../src/policy/checks/request/nested-json.ts'

t.test('JSON in the tags of one request has one budget', async (t) => {
  const [message, other] = [new Map(), new Map()]
  const mebibyte = `"${'x'.repeat(1024 * 1024 - 2)}"`
  for (let read = 0; read < 4; read += 1) t.equal(typeof parseNested({ message }, mebibyte), 'string')
  t.throws(
    () => parseNested({ message }, '1'),
    { reason: 'invalid-parameter', message: /too much JSON/ },
    'also what is read again counts',
  )
  t.equal(typeof parseNested({ message: other }, mebibyte), 'string', 'another request has its own')
  t.throws(() => parseNested({ message: other }, '{'), { reason: 'malformed', message: /JSON/ })
})
