import t from 'tap'
import { reply, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { startInProcess } from '../../harness/app.ts'

t.test('time with MLflow is counted by purpose and outcome', async (t) => {
  const [issuer, upstream] = await Promise.all([startIssuer(), startFakeUpstream()])
  const { authority, tenantId, audience } = issuer
  const app = await startInProcess({
    upstream: { url: upstream.url },
    authentication: { entra: { tenantId, audiences: [audience], authority } },
    environments: { acc: {} },
  })
  t.teardown(async () => {
    await app.close()
    await Promise.all([upstream.close(), issuer.close()])
  })
  const headers = { authorization: `Bearer ${await issuer.token({ roles: ['apps_acc'] })}` }
  const ask = async () => {
    const answer = await fetch(`${app.url}/api/2.0/mlflow/runs/search`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"experiment_ids":["7"]}',
    })
    await answer.text()
  }
  const counts = async () => {
    const text = await app.metrics.registry.metrics()
    const found = text.matchAll(/^mlflow_env_proxy_upstream_seconds_count\{purpose="([\w-]+)",outcome="(\w+)"\} (\d+)$/gm)
    return Object.fromEntries([...found].map(([, purpose, outcome, count]) => [`${purpose} ${outcome}`, Number(count)]))
  }
  upstream.answer = reply(200, { runs: [] })
  await ask()
  const first = await counts()
  t.equal(first['message 2xx'], 1)
  t.ok((first['look-up 2xx'] ?? 0) > 0, 'the experiment was looked up')
  upstream.answer = reply(500, { error_code: 'INTERNAL_ERROR' })
  await ask()
  upstream.answer = (request) => void request.socket.destroy()
  await ask()
  t.match(await counts(), { 'message 2xx': 1, 'message 5xx': 1, 'message none': 1 })
})
