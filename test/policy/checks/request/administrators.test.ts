import t from 'tap'
import { judge, makeEnvironment, refusalOf, requestTo } from '../../../fakes/fake-fact-source.ts'
import { acc, config, tenancy } from '../../../fixtures/tenancy.ts'

t.test('what is for administrators is refused to all others before anything is asked', async (t) => {
  const request = requestTo('listGatewaySecrets', {})
  const judged = judge(config, acc, request, tenancy)
  t.match(refusalOf(judged), {
    reason: 'closed-endpoint',
    message: /administrators of environment 'acc', and the configuration lists none/,
  })
  t.same(judged.questions, [])
  t.equal(refusalOf(judge(config, acc, { ...request, administrator: true }, tenancy)), null)
  const named = makeEnvironment('acc', { administrators: ['owners', 'admins'] })
  t.match(
    refusalOf(judge(config, named, request, tenancy))?.message ?? '',
    /and you are not one. Ask someone in owners or admins\.$/,
  )
})
