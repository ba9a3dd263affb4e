import t from 'tap'
import { type Authenticated, type Expectation, readIssuers, readPrincipal } from '../../../src/policy/identity/claims.ts'
import { checkValidity } from '../../../src/policy/identity/validity.ts'
import { parseJson } from '../../../src/policy/messages/json/json-text.ts'
import { audience, makeClaims, objectId, tenantId } from '../../fakes/issuer.ts'

const now = 1_790_000_000
const authority = 'https://login.example'
const expectation = { tenantId, audiences: [audience, 'other-audience'], authority }
const v1 = { iss: `https://sts.windows.net/${tenantId}/`, ver: '1.0' }
const user = { idtyp: undefined, sub: 'pairwise', scp: 'access' }
const other = '99999999-2222-3333-4444-555555555555'

/** Reads an application's claims with some replaced (`undefined` removes one), and members added as JSON text. */
function read(
  changes: Record<string, unknown>,
  { raw = '', options = {} }: { raw?: string; options?: Partial<Expectation> } = {},
): Authenticated {
  const text = JSON.stringify({ ...makeClaims(authority, now), ...changes })
  return readPrincipal(parseJson(`${text.slice(0, -1)}${raw === '' ? '' : `,${raw}`}}`), { ...expectation, ...options }, now)
}

function times(issued: number, notBefore: number, expires: number): Record<string, number> {
  return { iat: now + issued, nbf: now + notBefore, exp: now + expires }
}

const accepted: [string, Record<string, unknown>, Partial<Authenticated['principal']>][] = [
  ['an application token of version 2', {}, { kind: 'application', groups: ['apps_acc'] }],
  ['an application token of version 1', v1, { kind: 'application' }],
  ['an application known by its subject alone', { idtyp: undefined }, { kind: 'application' }],
  ['a user token', user, { kind: 'user', tenantId, objectId }],
  ['a user token that says so', { ...user, idtyp: 'user' }, { kind: 'user' }],
  ['a user token of version 1 with its own identity provider', { ...v1, ...user, idp: v1.iss, acct: '0' }, { kind: 'user' }],
  ['a member of the tenant', { ...user, acct: 0 }, { kind: 'user' }],
  ['the second audience', { aud: 'other-audience' }, { objectId }],
  ['an object id in capitals, which is the same one', { oid: objectId.toUpperCase() }, { objectId }],
  ['roles and groups together, each once', { roles: ['a', 'b', 'a'], groups: ['b', 'c'] }, { groups: ['a', 'b', 'c'] }],
  ['neither roles nor groups', { roles: undefined }, { groups: [] }],
  [
    'a token that says that it is a bearer token',
    { token_type: 'Bearer', typ: 'Bearer', token_use: 'access' },
    { kind: 'application' },
  ],
  [
    'how the client authenticated, which is nothing against it',
    { ...user, azpacr: '2', acr: '1', amr: ['pwd'], xms_st: {} },
    { kind: 'user' },
  ],
  ['a token that ended 59 s ago', times(-3600, -3600, -59), { objectId }],
  ['a token that ended 60 s ago', times(-3600, -3600, -60), { objectId }],
  ['a token that ended 30 s ago and was issued just now', times(0, 0, -30), { objectId }],
  ['a token that begins in 59 s', times(59, 59, 3600), { objectId }],
  ['a token that lives 25 hours', times(0, 0, 25 * 3600), { objectId }],
]

const refused: [string, Record<string, unknown>, RegExp][] = [
  ['another tenant', { tid: other }, /another tenant/],
  ['no tenant', { tid: undefined }, /another tenant/],
  ['the tenant in an array', { tid: [tenantId] }, /another tenant/],
  ['the issuer of another tenant', { iss: `${authority}/${other}/v2.0` }, /issuer of the access token does not match/],
  ['an issuer and tenant that agree with each other only', { iss: `${authority}/${other}/v2.0`, tid: other }, /another tenant/],
  ['the common issuer', { iss: `${authority}/common/v2.0` }, /issuer of the access token does not match/],
  ['the issuer with a slash more', { iss: `${authority}/${tenantId}/v2.0/` }, /issuer of the access token does not match/],
  ['the issuer with the placeholder', { iss: `${authority}/{tenantid}/v2.0` }, /issuer of the access token does not match/],
  ['no issuer', { iss: undefined }, /issuer of the access token does not match/],
  ['an array of issuers', { iss: [`${authority}/${tenantId}/v2.0`] }, /issuer of the access token does not match/],
  ['the issuer of version 1 in version 2', { iss: v1.iss }, /issuer of the access token does not match/],
  ['the issuer of version 2 in version 1', { ver: '1.0' }, /issuer of the access token does not match/],
  ['no version', { ver: undefined }, /version/],
  ['a version that is a number', { ver: 2 }, /version/],
  ['an inherited name as the version', { ver: 'toString' }, /version/],
  ['another audience', { aud: '00000003-0000-0000-c000-000000000000' }, /another audience/],
  ['no audience', { aud: undefined }, /another audience/],
  ['an array of audiences', { aud: [audience, 'x'] }, /another audience/],
  ['an array of one audience', { aud: [audience] }, /another audience/],
  ['the audience with a slash more', { aud: `${audience}/` }, /another audience/],
  ['the audience in capitals', { aud: audience.toUpperCase() }, /another audience/],
  ['a token that ended 61 s ago', times(-3600, -3600, -61), /expired/],
  ['a token that begins in 61 s', times(0, 61, 3600), /not yet valid/],
  ['a token issued in 61 s', times(61, 0, 3600), /not yet valid.*future/],
  ['a token that lives 25 hours and a second', times(0, 0, 25 * 3600 + 1), /25 hours/],
  ...['exp', 'nbf', 'iat'].flatMap((name): [string, Record<string, unknown>, RegExp][] => [
    [`no ${name}`, { [name]: undefined }, new RegExp(`no valid ${name}`)],
    ...[String(now), now + 0.5, -1, 0, 9e15, null, true, [now]].map((value): [string, Record<string, unknown>, RegExp] => [
      `${name} ${JSON.stringify(value)}`,
      { [name]: value },
      new RegExp(`no valid ${name}`),
    ]),
  ]),
  ['no object id', { oid: undefined }, /identifies nobody/],
  ['an object id that is no GUID', { oid: 'admin' }, /identifies nobody/],
  ['an object id with a line feed', { oid: `${objectId}\n` }, /identifies nobody/],
  ['an ID token', { idtyp: undefined, sub: 'pairwise' }, /not an ID token/],
  ['an ID token whose subject is its object id', { idtyp: undefined, nonce: 'n' }, /not an ID token/],
  ['an ID token that calls itself an application', { at_hash: 'h' }, /not an ID token/],
  ['a user without scopes', { idtyp: 'user' }, /not an ID token/],
  ['no kind and no subject', { idtyp: undefined, sub: undefined }, /not an ID token/],
  ['empty scopes', { scp: ' ' }, /scp/],
  ['scopes in an array', { scp: ['access'] }, /scp/],
  ['a guest', { ...user, acct: 1 }, /guest/],
  ['a guest of version 1', { ...user, acct: '1' }, /guest/],
  ['a guest by the identity provider', { ...user, idp: `https://sts.windows.net/${other}/` }, /guest/],
  ...['roles', 'groups'].flatMap((name): [string, Record<string, unknown>, RegExp][] =>
    ['apps_acc', { 0: 'apps_acc' }, [['apps_acc']], [1], [null], null, 7].map((value) => [
      `${name} ${JSON.stringify(value)}`,
      { [name]: value },
      new RegExp(`invalid ${name}`),
    ]),
  ),
  ['a list of claim names', { _claim_names: ['groups'] }, /_claim_names/],
  // RFC 7800 and 8705, RFC 9449, and what else there may be: whoever has such a token has not enough.
  ...[{ jwk: {} }, { jkt: 'x' }, { 'x5t#S256': 'x' }, { kid: 'x', xms_ksl: 'sw' }, {}, [], 'x', '', null, false].flatMap(
    (cnf): [string, Record<string, unknown>, RegExp][] =>
      [{}, user, v1].map((kind) => [`bound to ${JSON.stringify(cnf)}`, { ...kind, cnf }, /bound to a key.*plain bearer token/]),
  ),
  ...['nonce', 'at_hash', 'c_hash', 's_hash', 'sub_jwk', 'htm', 'htu', 'ath', 'at', 'events'].flatMap(
    (name): [string, Record<string, unknown>, RegExp][] =>
      [{}, user, v1].map((kind) => [`a token with ${name}`, { ...kind, [name]: 'x' }, /send an access token, not an ID token/]),
  ),
  ...['token_type', 'tokentype', 'token_use', 'typ', 'idtyp'].flatMap((name): [string, Record<string, unknown>, RegExp][] =>
    ['pop', 'DPoP', 'id', 'refresh', '', null, 1, ['bearer']].map((value) => [
      `${name} ${JSON.stringify(value)}`,
      { ...user, [name]: value },
      /not a plain access token.*bearer access token/,
    ]),
  ),
  ['a device', { ...user, idtyp: 'device' }, /not a plain access token/],
]

t.test('claims that are accepted', async (t) => {
  for (const [name, changes, principal] of accepted) t.match(read(changes).principal, principal, name)
})

t.test('claims that are refused, each with a sentence of its own that repeats no value', async (t) => {
  for (const [name, changes, message] of refused) {
    t.throws(() => read(changes), { reason: 'unauthenticated', message }, name)
  }
  t.throws(() => read({ tid: other }), { message: /^[^0-9]*$/ })
})

t.test('numbers that only look sane', async (t) => {
  for (const number of ['1e400', '1.79e9', '1790003600.0', '1790003600e0', '99999999999']) {
    const message = /no valid exp/
    t.throws(() => read({ exp: undefined }, { raw: `"exp":${number}` }), { message }, number)
  }
})

t.test('claims that are no object hold nothing', async (t) => {
  for (const text of ['[]', 'null', '"claims"', '7']) {
    t.throws(
      () => readPrincipal(parseJson(text), expectation, now),
      { reason: 'unauthenticated', message: /contains no claims/ },
      text,
    )
  }
})

t.test('a claim called __proto__ means nothing', async (t) => {
  const raw = '"__proto__":{"groups":["apps_prod"],"tid":"x"}'
  t.same(read({}, { raw }).principal.groups, ['apps_acc'])
  t.throws(() => read({ tid: undefined }, { raw: `"__proto__":{"tid":"${tenantId}"}` }), { message: /tenant/ })
})

t.test('groups that did not fit are reported, and none is taken from the token', async (t) => {
  const elsewhere = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://evil.example' } } }
  for (const overage of [elsewhere, { hasgroups: true }, { hasgroups: 'true' }]) {
    const authenticated = read({ ...overage, groups: ['apps_prod'] })
    t.equal(authenticated.overage, true)
    t.same(authenticated.principal.groups, ['apps_acc'], 'roles still count')
  }
  for (const none of [{}, { hasgroups: false }, { _claim_names: { other: 'src1' } }]) t.equal(read(none).overage, false)
})

t.test('guests come in where the configuration says so', async (t) => {
  t.equal(read({ ...user, acct: 1 }, { options: { guests: 'accept' } }).principal.kind, 'user')
})

t.test('the configuration may write the tenant in capitals and the authority with a slash', async (t) => {
  const tenant = 'ABCDEF01-2222-3333-4444-555555555555'
  const options = { tenantId: tenant, authority: `${authority}/` }
  const claims = { tid: tenant.toLowerCase(), iss: `${authority}/${tenant.toLowerCase()}/v2.0` }
  t.equal(read(claims, { options }).principal.tenantId, tenant.toLowerCase())
  t.same(readIssuers({ ...expectation, tenantId: tenant })['1.0'], `https://sts.windows.net/${tenant.toLowerCase()}/`)
})

t.test('what was accepted once expires later', async (t) => {
  const { validity } = read({})
  t.equal(checkValidity(validity, now + 3660), undefined)
  t.throws(() => checkValidity(validity, now + 3660.5), { reason: 'unauthenticated', message: /expired/ })
  t.throws(() => checkValidity(validity, now - 61), { message: /not yet valid/ }, 'a clock that was set back')
})
