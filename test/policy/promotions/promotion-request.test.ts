import t from 'tap'
import { printRequest, readRequest, sign } from '../../../src/policy/promotions/promotion-request.ts'

const ann = { tenantId: 't'.repeat(36), objectId: 'o'.repeat(36), kind: 'user', groups: [] } as const

t.test('a request is read as it was written, and fits into a tag', async (t) => {
  const asked = sign(ann, `Ann "A" <${'x'.repeat(100)}>`, 1_796_000_000_000)
  t.match(asked, { id: `${ann.tenantId} ${ann.objectId}`, name: /^Ann \?A\? \?x+$/, at: '2026-11-30T00:53:20Z' })
  for (const approved of [null, asked]) {
    const request = { id: '0123456789abcdef', to: 'preprod', asked, approved }
    const text = printRequest(request)
    t.same(readRequest(text), request)
    t.ok(text.length < 500, `${text.length} characters`)
  }
})

t.test('anything else is none', async (t) => {
  for (const text of ['', 'x', '{}', '[]', '[1]', '["a","b"]', '["a","b",["c"]]', '["a","b",["c","d",1]]'])
    t.equal(readRequest(text), null, text)
})
