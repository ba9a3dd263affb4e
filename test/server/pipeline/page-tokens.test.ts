import { createServer } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import type { Environment } from '../../../src/policy/environments/environment.ts'
import type { Principal } from '../../../src/policy/identity/principal.ts'
import { PageTokens } from '../../../src/server/pipeline/page-tokens.ts'
import { Searcher } from '../../../src/server/pipeline/strategies/searcher.ts'
import { Upstream } from '../../../src/server/upstream/upstream.ts'
import { grantOf, judge, requestTo } from '../../fakes/fake-fact-source.ts'
import { acc, config, prod, tenancy } from '../../fixtures/tenancy.ts'
import { tryLaw } from '../../harness/law.ts'
import { listen } from '../../harness/listen.ts'

const refusal = { name: 'Refusal', reason: 'invalid-parameter', message: /Invalid page token/ }
const key = new Uint8Array(32).fill(7)
const state = { token: 'eyJvZmZzZXQiOjV9', skip: 3 }

t.test('a token opens to what was sealed, on every replica, and says nothing to whoever holds it', async (t) => {
  const law = tryLaw(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), fc.string({ unit: 'grapheme' }), (token, skip, binding) => {
      const sealed = new PageTokens(key).seal({ token: token, skip }, binding)
      const opened = new PageTokens(key).open(sealed, binding)
      return opened.token === token && opened.skip === skip && /^[A-Za-z0-9_-]+$/.test(sealed)
    }),
    500,
  )
  t.equal(law, 'holds')
  const tokens = new PageTokens(key)
  const [first, second] = [tokens.seal(state, 'a'), tokens.seal(state, 'a')]
  t.not(first, second, 'two tokens for one place differ')
  t.notOk(Buffer.from(first, 'base64url').toString('latin1').includes(state.token), 'the upstream’s own token is not in it')
})

t.test('whatever is changed in a token, it no longer opens', async (t) => {
  const tokens = new PageTokens(key)
  const sealed = Buffer.from(tokens.seal(state, 'binding'), 'base64url')
  const open = (bytes: Buffer, binding = 'binding') => tokens.open(bytes.toString('base64url'), binding)
  for (let index = 0; index < sealed.length; index++) {
    const changed = Buffer.from(sealed)
    changed[index] = (changed[index] ?? 0) ^ 1
    t.throws(() => open(changed), refusal, `byte ${index}`)
  }
  for (const length of [0, 1, 12, 27, 28, sealed.length - 1])
    t.throws(() => open(sealed.subarray(0, length)), refusal, `${length} bytes`)
  t.throws(() => open(Buffer.concat([sealed, Buffer.from('x')])), refusal, 'more bytes')
  for (const binding of ['', 'bindin', 'binding ', 'Binding']) t.throws(() => open(sealed, binding), refusal, `for ${binding}`)
  t.throws(() => new PageTokens(new Uint8Array(32).fill(8)).open(sealed.toString('base64url'), 'binding'), refusal, 'another key')
  for (const forged of ['', 'x', 'eyJvZmZzZXQiOjB9', '!!!', 'é'.repeat(40)])
    t.throws(() => tokens.open(forged, 'binding'), refusal, `not a token: ${forged.length}`)
  t.same(open(sealed), state, 'and unchanged it does')
})

const rows = ['a_acc/1', 'b_prod/1', 'c_acc/1', 'd_acc/1', 'e_acc/1', 'f_prod/1', 'g_acc/1']

/** An upstream that pages through a few versions of two environments, two at a time at most. */
async function startPaging(): Promise<{ upstream: Upstream; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams
    const from = Number(query.get('page_token') ?? 0)
    const size = Math.min(2, Number(query.get('max_results') ?? 2))
    const versions = rows
      .slice(from, from + size)
      .map((row) => ({ name: row.split('/')[0], version: '1', current_stage: 'None' }))
    const next = from + size < rows.length ? { next_page_token: String(from + size) } : {}
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ model_versions: versions, ...next }))
  })
  const port = await listen(server)
  const upstream = new Upstream({ url: `http://127.0.0.1:${port}`, kind: 'mlflow', credentials: { mode: 'none' } })
  const close = async () => {
    await upstream.close()
    server.close()
  }
  return { upstream, close }
}

const principal = (objectId: string, tenantId = 't'): Principal => ({ tenantId, objectId, kind: 'user', groups: [] })

t.test('a page token is good for the caller, environment and query that it was given for, and for nothing else', async (t) => {
  const { upstream, close } = await startPaging()
  t.teardown(close)
  const searcher = new Searcher(upstream, new PageTokens(key))
  const search = async (
    who: Principal,
    where: Environment,
    fields: Readonly<Record<string, unknown>>,
    endpoint = 'searchModelVersions',
  ) => {
    const grant = grantOf(judge(config, where, requestTo(endpoint, fields), tenancy))
    if (grant.endpoint.search === undefined) throw new Error('it is a search')
    const found = await searcher.search(
      grant,
      grant.endpoint.search,
      who,
      { authorization: null },
      async (_message, _rows, admitted) => admitted,
    )
    if (!('rows' in found)) throw new Error(`failed: ${found.failed.text}`)
    const versions = found.rows.get('model_versions')
    const names = Array.isArray(versions) ? versions.map((row) => (row instanceof Map ? row.get('name') : row)) : []
    return { names, token: found.rows.get('next_page_token') }
  }
  const mine = principal('me')
  const first = await search(mine, acc, { max_results: 2 })
  t.same(first.names, ['a_acc', 'c_acc'], 'a full page, though a foreign row lay between')
  const second = await search(mine, acc, { max_results: 2, page_token: first.token })
  t.same(second.names, ['d_acc', 'e_acc'], 'which goes on where it ended, nothing twice and nothing left out')
  const last = await search(mine, acc, { max_results: 5, page_token: second.token })
  t.same([last.names, last.token], [['g_acc'], undefined], 'also with another size, to the end')
  const all = await search(mine, acc, {})
  t.same([all.names, all.token], [['a_acc', 'c_acc', 'd_acc', 'e_acc', 'g_acc'], undefined], 'and without a size')

  const again = { max_results: 2, page_token: first.token }
  await t.rejects(search(principal('other'), acc, again), refusal, 'another caller')
  await t.rejects(search(principal('me', 'other'), acc, again), refusal, 'the same id of another tenant')
  await t.rejects(search(mine, prod, again), refusal, 'another environment of the same caller')
  await t.rejects(search(mine, acc, { ...again, filter: "name LIKE 'a%'" }), refusal, 'another filter')
  await t.rejects(search(mine, acc, { ...again, order_by: ['name DESC'] }), refusal, 'another order')
  await t.rejects(search(mine, acc, again, 'searchRegisteredModels'), refusal, 'another endpoint')
  await t.rejects(search(mine, acc, { max_results: 2, page_token: '2' }), refusal, 'the upstream’s own token')
  t.same((await search(mine, acc, again)).names, second.names, 'and it can be used again')
})
