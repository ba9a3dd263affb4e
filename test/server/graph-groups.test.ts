import t, { type Test } from 'tap'
import { startFakeUpstream } from '../fakes/fake-upstream.ts'
import { type Mood, startGraph } from '../fakes/graph.ts'
import { objectId, startIssuer } from '../fakes/issuer.ts'
import { giveJson } from '../fakes/signer.ts'
import { startInProcess } from '../harness/app.ts'

const all = 'aaaaaaaa-0000-4000-8000-000000000001'
const acc = 'aaaaaaaa-0000-4000-8000-000000000002'
const prod = 'aaaaaaaa-0000-4000-8000-000000000003'
const stranger = '00000000-0000-4000-8000-00000000dead'

/** A proxy before MLflow whose callers' groups are in a fake Microsoft Graph. The file names them by what they are called there. */
async function start(test: Test, requiredGroups: readonly string[]) {
  const [upstream, issuer, graph] = await Promise.all([startFakeUpstream(), startIssuer(), startGraph()])
  issuer.serve((_request, response) =>
    giveJson(response, 200, { access_token: 'own-token', token_type: 'Bearer', expires_in: 3600 }),
  )
  graph.groups.push(
    { id: all, displayName: 'apps_all', securityEnabled: true },
    { id: acc, displayName: 'apps_acc', securityEnabled: true },
    { id: prod, displayName: 'apps_prod', securityEnabled: true },
    { id: 'aaaaaaaa-0000-4000-8000-000000000004', displayName: 'apps_prod', securityEnabled: true },
  )
  graph.members.set(`servicePrincipals/${objectId}`, [all, acc])
  const clock = { now: 1 }
  const { tenantId, audience, authority } = issuer
  const credentials = { mode: 'servicePrincipal', clientId: 'own', clientSecretFile: 'client-secret' }
  const app = await startInProcess(
    {
      upstream: { url: upstream.url },
      authentication: {
        entra: { tenantId, audiences: [audience], authority },
        directory: 'graph',
        graph: { url: graph.url, credentials },
        requiredGroups,
      },
      environments: { acc: {}, prod: { production: true } },
    },
    { files: { 'client-secret': 'hunter2' }, callersClock: () => clock.now },
  )
  test.teardown(async () => {
    await app.close()
    await Promise.all([upstream.close(), issuer.close(), graph.close()])
  })
  const ask = async (claims: Record<string, unknown>) => {
    const before = upstream.received.length
    const token = await issuer.token(claims)
    const path = '/api/2.0/mlflow/registered-models/search?max_results=1'
    const answer = await fetch(`${app.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
    const { message }: { message?: string } = JSON.parse(await answer.text())
    test.equal(upstream.received.length > before, answer.status === 200, 'nothing is sent upstream for who is refused')
    return { status: answer.status, ...(message === undefined ? {} : { message }) }
  }
  return { app, graph, clock, ask }
}

const noGroups = { roles: undefined }
const minutes = 60_000

t.test('who is taken out of a required group is locked out within the cache time, whatever the token says', async (t) => {
  const { app, graph, clock, ask } = await start(t, ['apps_all'])
  const says = { roles: ['apps_all'], groups: [all, acc] }
  t.same(await ask(says), { status: 200 })
  const { length } = graph.asked
  t.same(await ask(says), { status: 200 })
  t.equal(graph.asked.length, length, 'the answer is remembered')
  graph.members.set(`servicePrincipals/${objectId}`, [acc])
  t.same(await ask(says), { status: 200 }, 'as yet')
  clock.now += 5 * minutes
  t.match(await ask(says), { status: 403, message: /You are not in apps_all, without which nobody is in an environment/ })
  graph.members.set(`servicePrincipals/${objectId}`, [all, acc])
  clock.now += 5 * minutes
  t.same(await ask(says), { status: 200 }, 'and back in')
  t.same(
    new Set(graph.asked.map(({ authorization }) => authorization)),
    new Set(['Bearer own-token']),
    'callers’ tokens stay here',
  )
  t.notMatch(app.logs(), /hunter2|own-token/)
})

t.test('groups that do not fit a token are those of the directory', async (t) => {
  const { graph, ask } = await start(t, [])
  const overage = { roles: undefined, _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://x' } } }
  t.same(await ask(overage), { status: 200 })
  t.same(await ask({ roles: undefined, hasgroups: true }), { status: 200 })
  t.same(await ask(noGroups), { status: 200 }, 'and where the token has no list')
  graph.members.set(`servicePrincipals/${stranger}`, [prod])
  const ambiguous = { ...noGroups, oid: stranger, sub: stranger }
  t.match(await ask(ambiguous), { status: 403, message: /belong to no environment/ }, 'a name of two groups stands for none')
  graph.members.set(`users/${objectId}`, [])
  const person = { ...noGroups, idtyp: undefined, scp: 'use', sub: 'pairwise' }
  t.match(await ask(person), { status: 403, message: /Neither your token nor the directory lists a group for you/ })
})

/** How the directory fails, and what a caller without groups in the token hears. */
const failures: readonly (readonly [string, Mood, number, RegExp])[] = [
  [
    'its application may not read groups',
    { status: 403 },
    501,
    /denies the proxy access to groups: .*consent of an administrator/,
  ],
  ['its token is not taken', { status: 401 }, 501, /does not accept the credentials of the proxy/],
  ['too many requests', { status: 429, retryAfter: '7' }, 429, /Microsoft Graph/],
  ['an error of its own', { status: 500 }, 503, /cannot list your groups at the moment, so they are unknown/],
  ['a page of a gateway', { status: 502, body: '<html>' }, 503, /cannot list your groups at the moment, so they are unknown/],
  ['a connection that breaks', 'drop', 503, /cannot list your groups at the moment, so they are unknown/],
  ['no JSON', { status: 200, body: 'x' }, 503, /unknown/],
  ['rows of another form', { status: 200, body: '{"value":[1]}' }, 501, /answer about your groups has an unknown form/],
]

t.test('absent groups are unknown: each failure of the directory has a sentence of its own', async (t) => {
  const { app, graph, clock, ask } = await start(t, [])
  for (const [name, mood, status, message] of failures) {
    graph.mood = mood
    t.match(await ask(noGroups), { status, message }, name)
    t.same(await ask({ roles: ['apps_acc'] }), { status: 200 }, `roles count even so: ${name}`)
    // Longer than it is left alone.
    clock.now += minutes
  }
  graph.mood = 'well'
  const gone = { ...noGroups, oid: stranger, sub: stranger }
  t.match(await ask(gone), { status: 403, message: /has no service principal with your object id any more/ }, 'not found')
  t.same(await ask(noGroups), { status: 200 })
  graph.mood = { status: 503 }
  clock.now += 29 * minutes
  t.same(await ask(noGroups), { status: 200 }, 'what is known counts for half an hour')
  clock.now += minutes + 1
  t.match(await ask(noGroups), { status: 503, message: /unknown/ }, 'and no longer')
  t.notMatch(app.logs(), /hunter2|own-token/)
})
