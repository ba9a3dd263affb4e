import t from 'tap'
import { readWorkspaceToken } from '../../../src/policy/identity/workspace-claims.ts'
import { parseJson } from '../../../src/policy/messages/json/json-text.ts'
import { WorkspaceCallers } from '../../../src/server/auth/workspace-callers.ts'
import { authenticateWith } from '../../harness/authenticate-with.ts'

const url = 'https://adb-1.azuredatabricks.net'
const me = { id: '42', userName: 'ada@example.com', active: true, groups: [{ display: 'apps_acc' }] }
const answer = (fields: object, more: object = {}) => ({
  status: 200,
  contentType: 'application/json',
  text: JSON.stringify(fields),
  ...more,
})
const token = `dapi${'0'.repeat(32)}`

function start(said = answer(me)) {
  const state = { said, asked: [] as string[], now: 1 }
  const callers = new WorkspaceCallers({
    url,
    clock: () => state.now,
    askWho: async (asked) => {
      state.asked.push(asked)
      return state.said
    },
  })
  const authenticate = authenticateWith({ issuers: [], personal: (personal) => callers.personal(personal) })
  return { state, callers, enter: (said = token) => authenticate([`Bearer ${said}`]) }
}

t.test('a personal access token is whoever the workspace says, for a minute', async (t) => {
  const { state, enter } = start()
  const [{ principal }] = await Promise.all([enter(), enter()])
  t.same(principal, {
    tenantId: url,
    objectId: '42',
    kind: 'user',
    groups: ['apps_acc'],
    groupsFrom: 'directory',
    name: 'ada@example.com',
  })
  t.same(state.asked, [token], 'asked once by many')
  state.said = answer({}, { status: 401 })
  state.now += 59_999
  await enter()
  state.now += 2
  await t.rejects(enter(), { reason: 'unauthenticated', message: /does not accept your token/ }, 'revoked')
  t.equal(state.asked.length, 2)
  await t.rejects(enter(), { reason: 'unauthenticated', message: /does not accept your token/ })
  t.equal(state.asked.length, 2, 'a refused one is asked about once in ten seconds')
  state.said = answer(me)
  state.now += 10_001
  await enter()
})

t.test('applications, and answers that say nothing or too little', async (t) => {
  const application = start(answer({ ...me, userName: '11111111-2222-3333-4444-555555555555' }))
  t.equal((await application.enter()).principal.kind, 'application')
  const cases: [string, ReturnType<typeof answer>, { reason: string; message: RegExp }][] = [
    ['not active', answer({ ...me, active: false }), { reason: 'no-environment', message: /not active/ }],
    ['no id', answer({ ...me, id: undefined }), { reason: 'unknown-answer', message: /unknown form/ }],
    ['an id that is a name', answer({ ...me, id: 'ada' }), { reason: 'unknown-answer', message: /unknown form/ }],
    ['no name', answer({ ...me, userName: '' }), { reason: 'unknown-answer', message: /unknown form/ }],
    ['a login page', answer({}, { status: 303 }), { reason: 'unknown-answer', message: /unknown form/ }],
    ['throttled', answer({}, { status: 429 }), { reason: 'upstream-busy', message: /no more requests/ }],
    ['down', answer({}, { status: 502 }), { reason: 'upstream-unavailable', message: /at the moment/ }],
  ]
  for (const [name, said, expected] of cases) {
    const { enter, state } = start(said)
    await t.rejects(enter(), expected, name)
    state.said = answer(me)
    if (expected.reason === 'upstream-busy' || expected.reason === 'upstream-unavailable') {
      state.now += 999
      await t.rejects(enter(), expected, 'left alone for a second')
      state.now += 1
    }
    if (expected.reason !== 'no-environment') t.match((await enter()).principal, { objectId: '42' }, 'and asked again')
  }
})

t.test('only the form of a personal token goes to the workspace, and none without the switch', async (t) => {
  const { state, enter } = start()
  for (const other of ['dapi', `${token}x`, `${token}-1234`, 'secret', `x${token}`])
    await t.rejects(enter(other), { reason: 'unauthenticated', message: /token/ }, other)
  t.same(state.asked, [])
  const authenticate = authenticateWith({ issuers: [] })
  await t.rejects(authenticate([`Bearer ${token}`]), {
    reason: 'unauthenticated',
    message: /personal access token of Databricks/,
  })
})

t.test('an OAuth token of a workspace proves its issuer and times, and the workspace says whose it is', async (t) => {
  const { callers } = start()
  const issuer = `${url}/oidc`
  const read = (more: object = {}, audiences: string[] = []) => {
    const said = { iss: issuer, aud: '123', sub: 'ada@example.com', iat: 1_000, exp: 4_600, ...more }
    return readWorkspaceToken(parseJson(JSON.stringify(said)), { issuer, audiences }, 1_500)
  }
  const verified = read()
  t.match(verified, { unlisted: true, principal: { groups: [] } })
  const confirmed = await callers.confirm('oauth', verified)
  t.match(confirmed, { validity: verified.validity, principal: { tenantId: url, objectId: '42', groups: ['apps_acc'] } })
  t.equal(confirmed.unlisted, undefined)
  t.throws(() => read({ iss: 'https://adb-2.azuredatabricks.net/oidc' }), { reason: 'unauthenticated', message: /issuer/ })
  t.throws(() => read({ exp: 1_439 }), { message: /expired/ })
  t.throws(() => read({}, ['456']), { message: /another audience/ })
  t.equal(read({}, ['123']).audience, '123')
})
