import { sign } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { entraIssuer } from '../../../src/server/auth/issuer.ts'
import { entraKeys } from '../../../src/server/auth/key-place.ts'
import { KeySource } from '../../../src/server/auth/key-source.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { listForgeries } from '../../fixtures/forgeries.ts'
import { authenticateWith } from '../../harness/authenticate-with.ts'

const issuer = await startIssuer()
const stranger = await startIssuer()
const entra = { tenantId: issuer.tenantId, audiences: [issuer.audience], authority: issuer.authority }
const keys = new KeySource({ place: entraKeys(entra) })
let ahead = 0
const authenticate = authenticateWith({ issuers: [entraIssuer(entra, keys)], now: () => Date.now() + ahead * 1000 })
t.teardown(() => Promise.all([keys.close(), issuer.close(), stranger.close()]))

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

async function refuses(test: Pick<typeof t, 'rejects'>, name: string, header: string | string[], message: RegExp): Promise<void> {
  const values = typeof header === 'string' ? [header] : header
  await test.rejects(authenticate(values), { reason: 'unauthenticated', message }, name)
}
t.test('honest tokens are accepted, whatever the case of the scheme', async (t) => {
  t.match(await authenticate([`Bearer ${await issuer.token()}`]), {
    principal: { kind: 'application', groups: ['apps_acc'] },
    overage: false,
  })
  for (const typ of [undefined, 'JWT', 'jwt', 'at+jwt']) {
    const token = await issuer.token({}, { header: { typ, x5t: 'key-1', nonce: 'n' } })
    t.equal((await authenticate([`bEARER ${token}`])).principal.tenantId, issuer.tenantId, String(typ))
  }
})

t.test('forged headers and signatures are refused, and nobody else is asked for a key', async (t) => {
  for (const [name, options, message] of listForgeries(issuer, stranger))
    await refuses(t, name, `Bearer ${await issuer.token({}, options)}`, message)
  t.equal(stranger.reads(), 0)
})

t.test('a token that can be written in two ways is refused in all but one', async (t) => {
  const token = await issuer.token()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const last = alphabet.indexOf(token.slice(-1))
  const twins = [1, 2, 3].map((bits) => `${token.slice(0, -1)}${alphabet[last ^ bits]}`)
  const spellings = [
    ...twins,
    `${token}=`,
    `${token}==`,
    `${header}=.${payload}.${signature}`,
    token.replace(/[-_]/g, (sign) => (sign === '-' ? '+' : '/')),
    `${token}\t`,
    `\t${token}`,
    `${header}.${payload}.`,
    `${header}..${signature}`,
    `.${payload}.${signature}`,
    `${header}.${payload}`,
    `${token}.`,
    `${token}.${signature}`,
    `${token}.a.a`,
    `"${token}"`,
    `${token},${token}`,
    `${token}é`,
    'not-a-jwt',
    '..',
  ]
  for (const spelling of new Set(spellings)) await refuses(t, JSON.stringify(spelling.slice(-12)), `Bearer ${spelling}`, /token/)
  t.equal((await authenticate([`Bearer ${token}`])).overage, false, 'control, and nothing above was remembered as good')
  for (const twin of twins) await refuses(t, 'a twin of a remembered token', `Bearer ${twin}`, /JSON Web Token/)
})

t.test('the Authorization header is one, small, and holds one token', async (t) => {
  const token = await issuer.token()
  const cases: [string, string[], RegExp][] = [
    ['no header', [], /no access token.*MLFLOW_TRACKING_TOKEN/],
    ['an empty header', [''], /no access token/],
    ['two headers', [`Bearer ${token}`, `Bearer ${token}`], /several/],
    ['a user name and password', ['Basic dTpw'], /MLFLOW_TRACKING_USERNAME.*MLFLOW_TRACKING_TOKEN/],
    ['a proof of possession', [`DPoP ${token}`], /bound to a key \(the scheme DPoP\).*plain bearer token/],
    ['another', [`PoP ${token}`], /bound to a key \(the scheme PoP\).*plain bearer token/],
    ['another, and more of it', [`pop ${token}, nonce="x"`], /bound to a key/],
    ['another scheme', [`Negotiate ${token}`], /must be "Bearer" and one token/],
    ['the token alone', [token], /must be "Bearer" and one token/],
    ['the scheme alone', ['Bearer'], /must be "Bearer" and one token/],
    ['the scheme and a space', ['Bearer '], /must be "Bearer" and one token/],
    ['a space before', [` Bearer ${token}`], /must be "Bearer" and one token/],
    ['a tab', [`Bearer\t${token}`], /must be "Bearer" and one token/],
    ['a space inside', [`Bearer ${token.slice(0, 9)} ${token.slice(9)}`], /must be "Bearer" and one token/],
    ['two tokens', [`Bearer ${token} ${token}`], /must be "Bearer" and one token/],
    ['two schemes in one', [`Bearer ${token}, Bearer ${token}`], /must be "Bearer" and one token/],
    ['17 KiB', [`Bearer ${'a'.repeat(17 * 1024)}`], /16 KiB/],
    ['17 KiB, signed', [`Bearer ${await issuer.token({ roles: ['x'.repeat(17 * 1024)] })}`], /16 KiB/],
    ['an encrypted token', ['Bearer a.b.c.d.e'], /encrypted/],
  ]
  for (const [name, values, message] of cases) await refuses(t, name, values, message)
  t.equal((await authenticate([`Bearer   ${token}`])).overage, false, 'between scheme and token there may be several spaces')
})

t.test('JSON that two parsers could read differently is refused in both parts', async (t) => {
  const honest = JSON.parse(Buffer.from((await issuer.token()).split('.')[1] ?? '', 'base64url').toString())
  const text = JSON.stringify(honest)
  const payloads = [
    text.replace('{', '{"roles":["apps_prod"],'),
    text.replace('{', '{"r\\u006fles":["apps_prod"],'),
    `\ufeff${text}`,
    `${text}{}`,
    text.replace('"apps_acc"', 'NaN'),
    `{"a":${'['.repeat(200)}${']'.repeat(200)},${text.slice(1)}`,
    '',
    'claims',
  ]
  for (const payload of payloads) await refuses(t, payload.slice(0, 30), `Bearer ${await issuer.token(payload)}`, /token/)
  const header = '{"alg":"none","alg":"RS256","kid":"key-1"}'
  const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(text).toString('base64url')}`
  const signature = sign('sha256', Buffer.from(input), issuer.key()).toString('base64url')
  await refuses(t, 'a header with two algorithms', `Bearer ${input}.${signature}`, /ambiguous/)
  t.equal((await authenticate([`Bearer ${await issuer.token(text)}`])).overage, false, 'control')
})

t.test('wrong claims are refused although the signature is right', async (t) => {
  const now = Math.floor(Date.now() / 1000)
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ exp: now - 130 }, /expired/],
    [{ nbf: now + 130 }, /not yet valid/],
    [{ aud: '00000003-0000-0000-c000-000000000000' }, /audience/],
    [{ tid: '99999999-2222-3333-4444-555555555555' }, /tenant/],
    [{ groups: 'apps_prod' }, /groups/],
  ]
  for (const [claims, message] of cases) await refuses(t, JSON.stringify(claims), `Bearer ${await issuer.token(claims)}`, message)
})

t.test('a remembered token expires in its time, and is as good as before until then', async (t) => {
  const value = `Bearer ${await issuer.token()}`
  const first = await authenticate([value])
  t.equal(await authenticate([value]), first, 'the same verdict, not a new one')
  ahead = 3600 + 50
  t.equal(await authenticate([value]), first)
  ahead = 3600 + 70
  await refuses(t, 'expired', value, /expired/)
  ahead = -130
  await refuses(t, 'before its time', value, /not yet valid/)
  ahead = 0
})

t.test('no change of one character makes another good token', async (t) => {
  const token = await issuer.token()
  const change = fc.record({ at: fc.nat(token.length - 1), to: fc.constantFrom(...alphabet, '.', '=', '%', ' ') })
  await fc.assert(
    fc.asyncProperty(change, async ({ at, to }) => {
      fc.pre(token[at] !== to)
      await t.rejects(authenticate([`Bearer ${token.slice(0, at)}${to}${token.slice(at + 1)}`]), {
        reason: 'unauthenticated',
        message: /./,
      })
    }),
    { numRuns: 200 },
  )
  t.ok(await authenticate([`Bearer ${token}`]), 'control')
})

t.test('no refusal repeats the token or what it claims', async (t) => {
  const token = await issuer.token({ aud: 'secret-audience', roles: ['secret-role'] })
  const error = await authenticate([`Bearer ${token}`]).catch((error: unknown) => error)
  t.match(error, { message: /audience/ })
  t.notMatch(String(error), /secret-|eyJ/)
})

t.test('a token whose key has been withdrawn is forgotten with it', async (t) => {
  const old = `Bearer ${await issuer.token()}`
  t.ok(await authenticate([old]))
  await issuer.rotate()
  t.equal(await keys.refresh(), true)
  await refuses(t, 'the old key', old, /no key with the token's key id/)
  t.ok(await authenticate([`Bearer ${await issuer.token()}`]), 'the new key')
})
