import { Socket } from 'node:net'
import t from 'tap'
import { buildAdmin } from '../../../src/server/observability/admin-server.ts'
import { newAuditRecord } from '../../../src/server/observability/audit-record.ts'
import { Metrics } from '../../../src/server/observability/metrics.ts'
import { RecentRefusals } from '../../../src/server/observability/recent-refusals.ts'
import { renderStatus, statusHeaders } from '../../../src/server/status/status-page.ts'
import { load } from '../../fixtures/config-file.ts'

const entra = '{ tenantId: 11111111-2222-3333-4444-555555555555, audiences: [api://x] }'
const config = load(
  `{ upstream: { url: "http://127.0.0.1:9" }, authentication: { entra: ${entra} }, environments: { acc: {}, prod: { production: true, promotesFrom: [acc] } } }`,
)
const principal = { tenantId: 't', objectId: 'o', kind: 'user', groups: [], name: 'Ana <ana@example.com>' } as const
const socket = new Socket()

function refused(kept: RecentRefusals, id: string, decision: 'allow' | 'deny' = 'deny'): void {
  const references = [{ kind: 'model', logical: '"><script>', upstream: null }]
  const seen = { endpoint: 'getRegisteredModel', decision, reason: 'not-found', principal, references } as const
  kept.note({ id, auditRecord: { ...newAuditRecord({ socket }), ...seen } }, { statusCode: 404 })
}

/** What operators see of these refusals. */
async function show(kept: RecentRefusals, metrics = new Metrics()): Promise<string> {
  const health = [{ part: 'MLflow', concern: 'the upstream cannot be reached' }]
  return renderStatus({ config, waitsFor: null, health, refusals: kept.list() }, metrics.registry)
}

t.test('the page names no caller and nothing that they asked for, unless that is configured', async (t) => {
  const [plain, named] = [new RecentRefusals(false), new RecentRefusals(true)]
  for (const kept of [plain, named]) refused(kept, 'the-id-of-a-request')
  const text = await show(plain)
  t.match(text, 'the-id-of-a-request')
  t.match(text, 'the upstream cannot be reached')
  t.notMatch(text, /Ana|script/)
  const more = await show(named)
  t.match(more, 'Ana &lt;ana@example.com&gt;')
  t.match(more, 'model &quot;&gt;&lt;script&gt;')
  t.notMatch(more, '<script')
})

t.test('the latest refusals are kept, as many as there is room for, and nothing that was allowed', async (t) => {
  const kept = new RecentRefusals(false)
  refused(kept, 'allowed', 'allow')
  t.strictSame(kept.list(), [])
  for (let index = 0; index < 123; index++) refused(kept, `request-${index}`)
  const ids = kept.list().map(({ requestId }) => requestId)
  t.equal(ids.length, 50)
  t.strictSame([ids[0], ids.at(-1)], ['request-122', 'request-73'])
})

t.test('its numbers are those of the metrics, which a look at it does not change', async (t) => {
  const metrics = new Metrics()
  const auditRecord = { ...newAuditRecord({ socket }), endpoint: 'getRun', environment: config.environments[0] ?? null }
  for (const decision of ['allow', 'allow', 'deny'] as const)
    metrics.count(
      { auditRecord: { ...auditRecord, decision, reason: decision === 'deny' ? 'read-only' : null } },
      { statusCode: 200, elapsedTime: 1 },
    )
  metrics.config.note('0123456789abcdef')
  metrics.noteUpstreamVersion('3.18.0')
  const before = await metrics.registry.getSingleMetricAsString('mlflow_env_proxy_requests_total')
  const text = await show(new RecentRefusals(false), metrics)
  t.match(text, '<tr><td>acc</td><td class="number">2</td><td class="number">1</td><td class="number">0</td>')
  t.match(text, '<code>read-only</code> 1')
  for (const each of ['0123456789abcdef', '3.18.0', process.versions.node]) t.match(text, each)
  t.equal(await metrics.registry.getSingleMetricAsString('mlflow_env_proxy_requests_total'), before)
})

t.test('it is on the admin port, where nothing but its own style is let in; or not at all', async (t) => {
  const page = async () => ({ headers: statusHeaders, html: await show(new RecentRefusals(false)) })
  const [shown, none] = [page, null].map((status) =>
    buildAdmin(
      new Metrics(),
      () => null,
      () => null,
      status,
    ),
  )
  t.equal((await none?.inject('/status'))?.statusCode, 404)
  const answer = await shown?.inject('/status')
  t.equal(answer?.statusCode, 200)
  const policy = String(answer?.headers['content-security-policy'])
  t.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'$/)
  t.notMatch(answer?.body, / style=|<script|https?:/)
})
