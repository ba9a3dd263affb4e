import t from 'tap'
import { endpointTable } from '../../../src/policy/endpoints/endpoint-table.ts'
import type { ClientMode, ServerKind } from '../../../src/policy/environments/environment.ts'
import { textsOf } from '../../../src/policy/messages/message-fields.ts'
import { findsPromotionTag, isRecordKey, printRecord } from '../../../src/policy/promotions/promotion-tags.ts'
import { upstreamMessage } from '../../../src/rewrite/request/upstream-message.ts'
import { renameTags } from '../../../src/rewrite/tag-names.ts'
import { grantOf, judge, refusalOf, toJson } from '../../fakes/fake-fact-source.ts'
import { goodMessage, setAt } from '../../fixtures/full-message.ts'
import { inAcc, inProd, makeTenancy } from '../../fixtures/tenancy.ts'
import { assertCases } from '../../harness/check-cases.ts'

const hidden = 'mlflow_env_proxy_promotion'
const shown = 'mlflow_env_proxy_promotion_id'
const record = { id: '1', from: 'acc', model: 'm', version: '1', askedBy: 'a', askedAt: 't', approvedBy: 'b', approvedAt: 't' }

/** How a database may read the beginning of the keys. */
const spellings = [
  hidden,
  shown,
  `${hidden}_claim_0`,
  `${hidden}_anything`,
  'MLFLOW_Env_Proxy_PROMOTION_x',
  'mlflow_env_proxy_promotión',
  ' ｍlflow_env_proxy_promotion_from',
]

const kinds: readonly (readonly [ServerKind, ClientMode])[] = [
  ['mlflow', 'http'],
  ['databricks', 'http'],
  ['databricks', 'databricks'],
  ['unityCatalog', 'http'],
  ['unityCatalog', 'databricks'],
]

t.test('no endpoint lets a caller write a tag of a promotion', async (t) => {
  let tried = 0
  for (const [kind, mode] of kinds) {
    const { config, facts, places } = makeTenancy(kind, mode)
    const [place] = places
    for (const [endpointName, endpoint] of endpointTable(kind, mode).open) {
      for (const [selector, meaning] of Object.entries(endpoint.fields)) {
        if (meaning !== 'tagKey' && meaning !== 'versionTags') continue
        for (const key of spellings) {
          // A client that copies a version copies the record with it: it is left out.
          if (meaning === 'versionTags' && isRecordKey(key)) continue
          const message = goodMessage(endpoint, place)
          setAt(message, selector, meaning === 'tagKey' ? key : [{ key, value: 'x' }])
          const request = { endpointName, endpoint, message, mode, administrator: true }
          const refusal = refusalOf(judge(config, place.environment, request, facts))
          t.match(refusal, { reason: 'invalid-parameter', message: /reserved for the proxy/ }, `${kind} ${endpointName}: ${key}`)
          tried += 1
        }
      }
    }
  }
  t.ok(tried > 100, `${tried} requests`)
})

t.test('whatever changes the tags of a version says so by a meaning that is checked', async (t) => {
  for (const [kind, mode] of kinds) {
    for (const [name, { resource, action, fields }] of endpointTable(kind, mode).open) {
      if (resource !== 'modelVersion' || action === 'read' || action === 'search') continue
      if ('tags' in fields) t.equal(fields.tags, 'versionTags', `${kind} ${name}: tags`)
      if ('key' in fields) t.equal(fields.key, 'tagKey', `${kind} ${name}: key`)
    }
  }
})

t.test('the record of a copied version is left out of the copy', async (t) => {
  const { config, facts, places } = makeTenancy('mlflow')
  const [place] = places
  const endpointName = 'createModelVersion'
  const endpoint = endpointTable('mlflow', 'http').open.get(endpointName)
  if (endpoint === undefined) throw new Error('no such endpoint')
  const message = goodMessage(endpoint, place)
  message.set('tags', toJson([...printRecord(record), { key: 'team', value: 'x' }]))
  const granted = grantOf(judge(config, place.environment, { endpointName, endpoint, message }, facts))
  const keys = (json: unknown) =>
    textsOf(Array.isArray(json) ? json.map((tag) => (tag instanceof Map ? tag.get('key') : '')) : [])
  t.same(keys(upstreamMessage(granted).get('tags')), ['team', 'mlflow-env-proxy.pendingStage'])
  const own = grantOf(judge(config, place.environment, { endpointName, endpoint, message, record: printRecord(record) }, facts))
  t.equal(keys(upstreamMessage(own).get('tags')).filter(isRecordKey).length, 8, 'the proxy’s own is written')
})

t.test('callers see the record, and neither requests nor claims, and search for none of these', async (t) => {
  const tags = toJson([hidden, `${hidden}_claim_1`, 'MLFLOW_env_proxy_promotion_id', shown].map((key) => ({ key, value: 'x' })))
  t.same(
    renameTags(tags, (name) => name),
    toJson([{ key: shown, value: 'x' }]),
  )
  const search = (key: string) => ({ filter: `name = 'fraud' AND tags.${key} = 'x'` })
  assertCases(t, [
    [inAcc.environment, 'searchModelVersions', search(hidden), ['invalid-parameter', /cannot be searched/]],
    [inAcc.environment, 'searchModelVersions', search(`${hidden}_claim_1`), ['invalid-parameter', /cannot be searched/]],
    [inProd.environment, 'searchModelVersions', search(shown), null],
  ])
})

t.test('other keys are free', async (t) => {
  for (const key of ['mlflow_env_proxy', 'promotion', 'x_mlflow_env_proxy_promotion']) t.equal(findsPromotionTag(key), null, key)
})
