import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { DatabricksDirectory } from '../../../src/server/auth/databricks-directory.ts'
import { RememberedDirectory, withDirectory } from '../../../src/server/auth/directory.ts'
import { databricksAudience } from '../../../src/server/config/databricks-audience.ts'
import { openOwnToken } from '../../../src/server/credentials/open-credentials.ts'
import { bucketFor, familyOf } from '../../../src/server/upstream/rate-limiter.ts'
import { Upstream } from '../../../src/server/upstream/upstream.ts'
import { upstreamCredentials } from '../../../src/server/upstream/upstream-credentials.ts'
import { startAuthority, type TokenRequest } from '../../fakes/authority.ts'
import { startIssuer, tenantId } from '../../fakes/issuer.ts'
import { listen } from '../../harness/listen.ts'

const issuer = await startIssuer()
let answer: (form: TokenRequest) => Promise<{ token: string; seconds: number } | null> = async () => null
const authority = await startAuthority(issuer, (form) => answer(form))
const folder = mkdtempSync(join(tmpdir(), 'principal-'))
const clientSecretFile = join(folder, 'secret')
writeFileSync(clientSecretFile, 'hunter2\n')
t.teardown(async () => {
  await Promise.all([authority.close(), issuer.close()])
  rmSync(folder, { recursive: true })
})
const principal = {
  mode: 'servicePrincipal',
  issuer: 'entra',
  tokenUrl: `${authority.url}/${tenantId}/oauth2/v2.0/token`,
  clientId: 'app',
  clientSecretFile,
  scope: 'databricks/.default',
} as const
const minute = 60_000

function start() {
  const clock = { now: 0 }
  const warned: object[] = []
  const log = { warn: (about: object) => void warned.push(about) }
  const own = openOwnToken(principal, { log, clock: () => clock.now })
  const tokens = { read: () => own.read(), drop: (token: string) => own.drop?.(token) }
  authority.asked.length = 0
  let made = 0
  answer = async () => ({ token: `token-${++made}`, seconds: 3_600 })
  return { clock, warned, tokens }
}

t.test('a token is asked for once, however many want it, and renewed before it ends', async (t) => {
  const { clock, tokens } = start()
  t.same(await Promise.all([tokens.read(), tokens.read(), tokens.read()]), ['token-1', 'token-1', 'token-1'])
  t.same(authority.asked, [
    { grant_type: 'client_credentials', client_id: 'app', client_secret: 'hunter2', scope: 'databricks/.default' },
  ])
  clock.now = 54 * minute
  t.equal(await tokens.read(), 'token-1')
  t.equal(authority.asked.length, 1)
  clock.now = 56 * minute
  t.same(await Promise.all([tokens.read(), tokens.read()]), ['token-1', 'token-1'], 'nobody waits for the next one')
  await sleep(100)
  t.equal(await tokens.read(), 'token-2')
  t.equal(authority.asked.length, 2)
})

t.test('a token that holds outlives an issuer that fails, and no flood follows', async (t) => {
  const { clock, tokens, warned } = start()
  await tokens.read()
  answer = async () => null
  clock.now = 56 * minute
  for (let count = 0; count < 5; count++) {
    t.equal(await tokens.read(), 'token-1')
    await sleep(30)
  }
  t.equal(authority.asked.length, 2, 'one more try')
  t.match(warned, [{ problem: 'the issuer answers invalid_client (AADSTS7000215)', clientId: 'app' }])
  t.notMatch(JSON.stringify(warned), /hunter2|token-/)
  clock.now = 61 * minute
  await t.rejects(tokens.read(), { name: 'Refusal', message: /cannot get credentials/ })
  await t.rejects(tokens.read(), { name: 'Refusal' })
  t.equal(authority.asked.length, 3, 'concurrent callers get the same answer')
  answer = async () => ({ token: 'back', seconds: 3_600 })
  clock.now += 1_001
  t.equal(await tokens.read(), 'back')
})

t.test('a secret that was replaced is used for the next token', async (t) => {
  const { clock, tokens } = start()
  await tokens.read()
  writeFileSync(clientSecretFile, 'new-secret')
  clock.now = 61 * minute
  await tokens.read()
  t.equal(authority.asked.at(-1)?.client_secret, 'new-secret')
})

t.test('a token that the upstream refuses is replaced once, for all who hold it', async (t) => {
  const { clock, tokens } = start()
  await tokens.read()
  t.same(
    [tokens.drop('token-1'), tokens.drop('token-1'), tokens.drop('token-1')],
    [true, true, true],
    'who comes late finds it replaced',
  )
  t.same(await Promise.all([tokens.read(), tokens.read()]), ['token-2', 'token-2'])
  t.equal(authority.asked.length, 2)
  t.equal(tokens.drop('token-2'), false, 'a second one would be no better')
  t.equal(await tokens.read(), 'token-2')
  clock.now += 10_000
  t.equal(tokens.drop('token-2'), true)
  t.equal(await tokens.read(), 'token-3')
})

t.test('a request that was refused for its token is sent once more, and then no more', async (t) => {
  start()
  const seen: string[] = []
  let good = 'token-2'
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.headers.authorization}`)
    const welcome = request.headers.authorization === `Bearer ${good}`
    const [status, code] = welcome ? [200, 'OK'] : request.method === 'GET' ? [401, '401'] : [403, 'Invalid access token.']
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message: code }))
  })
  server
  const port = await listen(server)
  const credentials = principal
  const upstream = new Upstream({ url: `http://127.0.0.1:${port}`, kind: 'databricks', credentials })
  t.teardown(async () => {
    await upstream.close()
    server.close()
  })
  const nobody = { authorization: null }
  const [one, two] = await Promise.all([upstream.lookUp('/x', {}, nobody), upstream.lookUp('/y', {}, nobody)])
  t.same([one.status, two.status], [200, 200])
  t.same(seen.sort(), ['GET Bearer token-1', 'GET Bearer token-1', 'GET Bearer token-2', 'GET Bearer token-2'])
  t.equal(authority.asked.length, 2)
  good = 'none'
  seen.length = 0
  await t.rejects(upstream.write({ make: 'folder', path: '/x' }, nobody), {
    reason: 'upstream-refused',
    message: /MLflow refuses the proxy/,
  })
  t.same(seen, ['POST Bearer token-2'], 'a token that is hardly older is not to blame')
})

t.test('an environment asks with its own principal, and else with everybody’s', async (t) => {
  start()
  const log = { warn: () => undefined }
  const own = { ...principal, clientId: 'acc' }
  const { read } = upstreamCredentials(
    { url: '', kind: 'databricks', credentials: { mode: 'passthrough' }, credentialsOf: { acc: own, preprod: own } },
    log,
  )
  const authorization = 'Bearer own'
  t.same(await read({ authorization, environment: 'prod' }), { authorization })
  t.same(await read({ authorization, environment: 'acc' }), { authorization: 'Bearer token-1' })
  t.same(await read({ authorization, environment: 'preprod' }), { authorization: 'Bearer token-1' }, 'one principal, one token')
})

const me = (fields: object) => ({ status: 200, contentType: 'application/json', text: JSON.stringify(fields) })
const bearer = (token: string) => ({ token, principal: { tenantId, objectId: 'x', kind: 'user', groups: [] } as const })

t.test('groups are asked for once while they are asked for, and again after five minutes or a failure', async (t) => {
  const clock = { now: 1 }
  let asked = 0
  let answer: () => Promise<readonly string[]> = async () => ['a']
  const groupsOf = async () => {
    asked += 1
    return answer()
  }
  const directory = new RememberedDirectory({ serves: () => true, groupsOf }, () => clock.now)
  t.same(await Promise.all([directory.groupsOf(bearer('1')), directory.groupsOf(bearer('1'))]), [['a'], ['a']])
  t.equal(asked, 1)
  await directory.groupsOf(bearer('2'))
  t.equal(asked, 2, 'each token for itself')
  answer = async () => Promise.reject(new Error('down'))
  t.same(await directory.groupsOf(bearer('1')), ['a'])
  clock.now += 5 * minute + 1
  const failed = await Promise.allSettled([directory.groupsOf(bearer('1')), directory.groupsOf(bearer('1'))])
  t.same(
    failed.map(({ status }) => status),
    ['rejected', 'rejected'],
    'what was known is not trusted any longer',
  )
  t.equal(asked, 3)
  answer = async () => ['b']
  t.same(await directory.groupsOf(bearer('1')), ['b'])
})

t.test('what the workspace says of a caller, and what it may mean', async (t) => {
  const group = (display: unknown) => ({ display, value: '1', type: 'direct' })
  const cases: readonly (readonly [string, object, readonly string[] | object])[] = [
    ['groups by their names, each once', me({ active: true, groups: [group('a'), group('b'), group('a')] }), ['a', 'b']],
    ['a member of no group', me({ active: true }), []],
    ['deactivated', me({ active: false, groups: [group('a')] }), { reason: 'no-environment', message: /not active/ }],
    ['silence about being active', me({ groups: [group('a')] }), { reason: 'no-environment' }],
    ['a group without a name', me({ active: true, groups: [{ value: '1' }] }), { reason: 'unknown-answer' }],
    ['a name that is none', me({ active: true, groups: [group(['a'])] }), { reason: 'unknown-answer' }],
    ['groups that are no list', me({ active: true, groups: { display: 'a' } }), { reason: 'unknown-answer' }],
    ['a page', { ...me({}), text: '<html>' }, { reason: 'unknown-answer' }],
    ['a list', { ...me({}), text: '[]' }, { reason: 'unknown-answer' }],
    ['a token that is not taken', { ...me({}), status: 401 }, { reason: 'unauthenticated' }],
    ['a stranger', { ...me({}), status: 403 }, { reason: 'no-environment', message: /Databricks workspace refuses you/ }],
    ['too many questions', { ...me({}), status: 429, retryAfter: 7 }, { reason: 'upstream-busy', retryAfter: 7 }],
    ['trouble', { ...me({}), status: 503 }, { reason: 'upstream-unavailable' }],
    ['no such API', { ...me({}), status: 404 }, { reason: 'unknown-answer' }],
  ]
  for (const [name, answer, expected] of cases) {
    const directory = new DatabricksDirectory({ askWho: async () => ({ ...me({}), ...answer }) }, [])
    if (Array.isArray(expected)) t.same(await directory.groupsOf(bearer('1')), expected, name)
    else await t.rejects(directory.groupsOf(bearer('1')), { name: 'Refusal', ...expected }, name)
  }
})

t.test('only tokens for Databricks that leave groups out are completed', async (t) => {
  const validity = { issuedAt: 0, notBefore: 0, expiresAt: 1 }
  const audience = databricksAudience
  const cases = [
    [
      { groups: [], overage: false, audience },
      { groups: ['a', 'b'], groupsFrom: 'directory' },
    ],
    [
      { groups: ['role', 'a'], overage: true, audience },
      { groups: ['role', 'a', 'b'], groupsFrom: 'directory' },
    ],
    [
      { groups: ['own'], overage: false, audience },
      { groups: ['own'], groupsFrom: undefined },
    ],
    [
      { groups: [], overage: false, audience: 'api://proxy' },
      { groups: [], groupsFrom: undefined },
    ],
  ] as const
  for (const [{ groups, overage, audience }, expected] of cases) {
    const principal = { ...bearer('1').principal, groups }
    const directory = new DatabricksDirectory({ askWho: async () => me({}) }, [principal.tenantId])
    const inner = { authenticate: async () => ({ principal, overage, audience, validity }) }
    const authenticator = withDirectory(inner, { serves: (said) => directory.serves(said), groupsOf: async () => ['a', 'b'] })
    const { principal: completed } = await authenticator.authenticate(['Bearer 1'])
    t.match(completed, expected, JSON.stringify({ groups, overage, audience }))
  }
})

t.test('in no second does a bucket let more through than its rate', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 200 }), fc.array(fc.nat(400), { maxLength: 300 }), (rate, gaps) => {
      const bucket = bucketFor(rate)
      let now = 0
      const sent = gaps.flatMap((gap) => {
        now += gap % 7 === 0 ? gap : 0
        const { wait, entered } = bucket.enter(now, 5_000)
        return entered ? [now + wait] : []
      })
      return sent.every((start) => sent.filter((at) => at >= start && at < start + 999).length <= rate)
    }),
  )
  const bucket = bucketFor(10)
  const waits = Array.from({ length: 60 }, () => bucket.enter(0, 5_000))
  t.equal(waits.filter(({ entered }) => entered).length, 42)
  t.ok(waits.at(-1)?.wait ?? 0 > 5_000, 'who would wait longer is told so')
  t.same(bucket.enter(60_000, 0), { wait: 0, entered: true })
})

t.test('what is counted together', async (t) => {
  const api = '/api/2.0/mlflow'
  const families: readonly (readonly [string, string])[] = [
    ['registry', `${api}/registered-models/get?name=x`],
    ['registry', `${api}/databricks/model-versions/transition-stage`],
    ['registry', `${api}/transition-requests/approve`],
    ['searchRuns', `${api}/runs/search`],
    ['logBatch', `${api}/runs/log-batch`],
    ['experiments', `${api}/experiments/delete`],
    ['other', `${api}/experiments/get?experiment_id=1`],
    ['other', `${api}/runs/log-metric`],
    ['other', '/api/2.0/workspace/mkdirs'],
    ['other', `${api}/artifacts/credentials-for-write`],
    ['other', '/api/2.0/preview/scim/v2/Me'],
    ['registry', `${api}/model-versions/get-signed-download-uri?name=x`],
  ]
  for (const [family, path] of families) t.equal(familyOf(path), family, path)
})
