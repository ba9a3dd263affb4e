import t from 'tap'
import { Refusal } from '../../../src/policy/reasons.ts'
import { RememberedDirectory, withDirectory } from '../../../src/server/auth/directory.ts'
import { GraphClient } from '../../../src/server/auth/graph-client.ts'
import { GraphDirectory } from '../../../src/server/auth/graph-directory.ts'
import { GroupNames } from '../../../src/server/auth/group-name-watch.ts'
import { type NamedGroup, resolveNames } from '../../../src/server/auth/group-names.ts'
import { startGraph } from '../../fakes/graph.ts'
import { objectId, tenantId } from '../../fakes/issuer.ts'

const guid = (number: number) => `aaaaaaaa-0000-4000-8000-${String(number).padStart(12, '0')}`
const minute = 60_000
const bearer = (kind: 'user' | 'application' = 'user', token = 't') =>
  ({ token, principal: { tenantId, objectId, kind, groups: [] } }) as const

/** A fake Graph that knows the caller as a member of group 1, and a directory in front of it with a clock that the test moves. */
async function start(...named: NamedGroup[]) {
  const graph = await startGraph()
  const dropped: string[] = []
  const identity = { read: async () => 'own', drop: (token: string) => dropped.push(token) > 0 }
  const client = new GraphClient(graph.url, identity)
  t.teardown(() => Promise.all([graph.close(), client.close()]))
  graph.members.set(`users/${objectId}`, [guid(1)])
  const clock = { now: 1 }
  const names = new GroupNames({ resolve: async () => named, report: () => undefined })
  await names.tried
  const direct = new GraphDirectory(client, tenantId, names)
  return { graph, client, dropped, clock, direct, directory: new RememberedDirectory(direct, () => clock.now) }
}

t.test('people and applications are asked about in their own places, with the identity of the proxy', async (t) => {
  const { graph, direct, dropped } = await start()
  graph.members.set(`servicePrincipals/${objectId}`, [guid(2).toUpperCase(), guid(2)])
  t.same(await direct.groupsOf(bearer('user', 'secret')), [guid(1)])
  t.same(await direct.groupsOf(bearer('application', 'secret')), [guid(2)], 'as tokens spell it, and once')
  t.same(dropped, [])
  t.same(
    new Set(graph.asked.map(({ authorization }) => authorization)),
    new Set(['Bearer own']),
    'and never with the caller’s token',
  )
})

t.test('more groups than one answer holds come in pages, without roles of the directory', async (t) => {
  const { graph, direct } = await start()
  Object.assign(graph, { most: 10, pageSize: 3 })
  const all = Array.from({ length: 11 }, (_, number) => guid(number))
  graph.members.set(`users/${objectId}`, all)
  t.same(await direct.groupsOf(bearer()), all)
  t.equal(graph.asked.length, 1 + 4)
  graph.link = () => 'https://evil.example/v1.0/users'
  await t.rejects(
    direct.groupsOf(bearer()),
    { reason: 'upstream-unavailable', message: /unknown/ },
    'the token goes nowhere else',
  )
  graph.link = () => `${graph.url}.evil.example/v1.0/users`
  await t.rejects(direct.groupsOf(bearer()), { reason: 'upstream-unavailable', message: /unknown/ })
  graph.link = () => `${graph.url}/v1.0/users/${objectId}/transitiveMemberOf`
  await t.rejects(direct.groupsOf(bearer()), { reason: 'unknown-answer', message: /unknown form/ }, 'pages without an end')
  t.ok(graph.asked.length < 70, `${graph.asked.length} requests`)
})

t.test('what Graph says instead of groups, each told apart', async (t) => {
  const { graph, direct } = await start()
  const cases: [string, Exclude<typeof graph.mood, 'well'>, { reason: string; message: RegExp; retryAfter?: number }][] = [
    ['no consent', { status: 403 }, { reason: 'upstream-refused', message: /GroupMember\.Read\.All.*consent/ }],
    ['its token is not taken', { status: 401 }, { reason: 'upstream-refused', message: /credentials of the proxy/ }],
    ['gone', { status: 404 }, { reason: 'no-environment', message: /no user with your object id/ }],
    ['throttled', { status: 429, retryAfter: '7' }, { reason: 'upstream-busy', message: /Microsoft Graph/, retryAfter: 7 }],
    ['trouble', { status: 503 }, { reason: 'upstream-unavailable', message: /unknown.*shortly/ }],
    ['a redirect', { status: 302 }, { reason: 'upstream-unavailable', message: /unknown/ }],
    ['a closed connection', 'drop', { reason: 'upstream-unavailable', message: /unknown/ }],
    ['a page', { status: 200, body: '<html>' }, { reason: 'upstream-unavailable', message: /unknown/ }],
    ['no rows', { status: 200, body: '{}' }, { reason: 'unknown-answer', message: /unknown form/ }],
    [
      'rows that are no ids',
      { status: 200, body: '{"value":["apps_prod"]}' },
      { reason: 'unknown-answer', message: /unknown form/ },
    ],
    ['rows in an object', { status: 200, body: '{"value":{"0":"x"}}' }, { reason: 'unknown-answer', message: /unknown form/ }],
    ['another bad request', { status: 400 }, { reason: 'unknown-answer', message: /unknown form/ }],
  ]
  for (const [name, mood, expected] of cases) {
    graph.mood = mood
    await t.rejects(direct.groupsOf(bearer()), { name: 'Refusal', ...expected }, name)
  }
})

t.test('groups are cached for five minutes per caller, whatever their token', async (t) => {
  const { graph, clock, directory } = await start()
  await Promise.all([directory.groupsOf(bearer('user', '1')), directory.groupsOf(bearer('user', '2'))])
  t.equal(graph.asked.length, 1)
  graph.members.set(`users/${objectId}`, [])
  clock.now += 5 * minute - 1
  t.same(await directory.groupsOf(bearer()), [guid(1)])
  clock.now += 1
  t.same(await directory.groupsOf(bearer()), [], 'who was taken out is out within five minutes')
})

t.test('what is known counts for half an hour while Graph fails, and not a moment longer', async (t) => {
  const { graph, clock, directory } = await start()
  await directory.groupsOf(bearer())
  for (const mood of ['drop', { status: 429 }, { status: 500 }, { status: 403 }] as const) {
    graph.mood = mood
    clock.now += 6 * minute
    t.same(await directory.groupsOf(bearer()), [guid(1)], JSON.stringify(mood))
  }
  clock.now += 6 * minute - 1
  t.same(await directory.groupsOf(bearer()), [guid(1)])
  clock.now += 2
  await t.rejects(directory.groupsOf(bearer()), { reason: 'upstream-refused', message: /unknown/ })
  graph.mood = 'well'
  clock.now += 1_000
  t.same(await directory.groupsOf(bearer()), [guid(1)])
})

t.test('who is gone from the directory is out at once, and an outage later does not bring them back', async (t) => {
  const { graph, clock, directory } = await start()
  await directory.groupsOf(bearer())
  clock.now += 5 * minute
  graph.members.clear()
  await t.rejects(directory.groupsOf(bearer()), { reason: 'no-environment', message: /any more/ })
  graph.mood = 'drop'
  await t.rejects(directory.groupsOf(bearer()), { reason: 'upstream-unavailable', message: /unknown/ })
})

t.test('a directory that throttles or fails is left alone for as long as it says, by everybody', async (t) => {
  const { graph, clock, directory } = await start()
  graph.mood = { status: 429, retryAfter: '7' }
  const others = Array.from({ length: 100 }, (_, number) => ({
    token: 't',
    principal: { ...bearer().principal, objectId: guid(number) },
  }))
  for (const other of others)
    await t.rejects(directory.groupsOf(other), { reason: 'upstream-busy', message: /Graph/, retryAfter: 7 })
  t.equal(graph.asked.length, 1)
  clock.now += 7_000
  graph.mood = 'well'
  t.same(await directory.groupsOf(bearer()), [guid(1)])
  graph.mood = { status: 429, retryAfter: '86400' }
  clock.now += 5 * minute
  await directory.groupsOf(bearer())
  graph.mood = 'well'
  graph.members.set(`users/${objectId}`, [guid(3)])
  clock.now += minute
  t.same(await directory.groupsOf(bearer()), [guid(3)], 'but for no more than a minute')
})

const validity = { issuedAt: 0, notBefore: 0, expiresAt: 1 }
type Said = { groups: string[]; overage?: boolean; unlisted?: true; tenant?: string }

t.test('roles count first, missing groups are asked for, and what cannot be read is unknown', async (t) => {
  const { graph, directory } = await start()
  const enter = ({ groups, overage = false, unlisted, tenant = tenantId }: Said, required: string[] = []) => {
    const principal = { ...bearer().principal, tenantId: tenant, groups }
    const said = { principal, overage, audience: 'a', validity, ...(unlisted ? { unlisted } : {}) }
    return withDirectory({ authenticate: async () => said }, directory, required).authenticate(['Bearer t'])
  }
  t.same((await enter({ groups: ['role'], unlisted: true })).principal.groups, ['role', guid(1)])
  t.same((await enter({ groups: [], overage: true })).principal.groups, [guid(1)])
  t.same((await enter({ groups: [], unlisted: true, tenant: 'https://other' })).principal.groups, [], 'an id of another issuer')
  const asked = graph.asked.length
  t.same((await enter({ groups: [guid(5)] })).principal.groups, [guid(5)], 'a list in the token is believed')
  t.equal(graph.asked.length, asked)
  t.same(
    (await enter({ groups: [guid(1), guid(7)] }, [guid(1), guid(7)])).principal.groups,
    [guid(1)],
    'but not for required groups',
  )

  const named = await start({ name: 'apps_all', id: guid(1), problem: null }, { name: 'apps_acc', id: guid(2), problem: null })
  const required = ['apps_all']
  const out = async (groups: string[]) => {
    const principal = { ...bearer().principal, groups }
    const said = { principal, overage: false, audience: 'a', validity }
    return (await withDirectory({ authenticate: async () => said }, named.direct, required).authenticate(['Bearer t'])).principal
      .groups
  }
  t.same(await out([guid(1), guid(2)]), [guid(1), guid(2), 'apps_acc', 'apps_all'])
  named.graph.members.set(`users/${objectId}`, [])
  t.same(
    await out([guid(1), guid(2), 'apps_all']),
    [guid(1), guid(2), 'apps_acc'],
    'a required name is no more than its object id',
  )

  const down = await start()
  down.graph.mood = 'drop'
  const outage = withDirectory(
    {
      authenticate: async () => ({
        principal: { ...bearer().principal, groups: ['role'] },
        overage: false,
        unlisted: true,
        audience: 'a',
        validity,
      }),
    },
    down.directory,
  )
  const { principal, unknownGroups } = await outage.authenticate(['Bearer t'])
  t.same(principal.groups, ['role'])
  t.ok(unknownGroups instanceof Refusal)
})

t.test('names stand for one security group each, or for none', async (t) => {
  const { graph, client } = await start()
  graph.groups.push(
    { id: guid(1), displayName: 'apps_acc', securityEnabled: true },
    { id: guid(2), displayName: 'apps_prod', securityEnabled: true },
    { id: guid(3), displayName: 'Apps_Prod', securityEnabled: false },
    { id: guid(4), displayName: "it's", securityEnabled: true },
    { id: guid(5), displayName: 'Team', securityEnabled: true },
    { id: guid(6), displayName: 'social', securityEnabled: false },
  )
  const found = await resolveNames(client, ['apps_acc', 'apps_prod', "it's", 'team', 'social', 'role'])
  t.match(found, [
    { name: 'apps_acc', id: guid(1), problem: null },
    { name: 'apps_prod', id: null, problem: /name of 2 groups \(.*\); write the object id/ },
    { name: "it's", id: guid(4), problem: null },
    { name: 'team', id: null, problem: /written otherwise/ },
    { name: 'social', id: null, problem: /not a security group/ },
    { name: 'role', id: null, problem: null },
  ])
  graph.mood = { status: 403 }
  await t.rejects(resolveNames(client, ['apps_acc']), { reason: 'upstream-refused', message: /consent/ })
})

t.test(
  'a caller whose token and groups have not changed is the same principal, and a changed answer makes another',
  async (t) => {
    const { graph, clock, directory } = await start({ name: 'apps_acc', id: guid(1), problem: null })
    const said = { principal: bearer().principal, overage: false, unlisted: true, audience: 'a', validity } as const
    const authenticator = withDirectory({ authenticate: async () => said }, directory)
    const enter = async () => (await authenticator.authenticate(['Bearer t'])).principal
    const first = await enter()
    t.same(first.groups, [guid(1), 'apps_acc'])
    t.equal(await enter(), first)
    graph.members.set(`users/${objectId}`, [])
    clock.now += 5 * minute
    t.same((await enter()).groups, [])
  },
)
