import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { reply, runId, startFakeUpstream } from '../fakes/fake-upstream.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { makeRequest } from '../harness/load/raw-client.ts'
import { startLoad } from '../harness/load/steady-load.ts'
import { startReplicas } from '../harness/replicas.ts'

// At 2,000 requests a second: bench/rolling-restart.ts.
t.test('two replicas behind HAProxy are restarted one after the other, and no request fails', async (t) => {
  const upstream = await startFakeUpstream()
  const issuer = await startIssuer()
  const headers = { authorization: `Bearer ${await issuer.token()}` }
  const replicas = await startReplicas({ upstream: upstream.url, issuer })
  t.teardown(() => Promise.all([replicas.close(), upstream.close(), issuer.close()]))
  let carriedOut = 0
  upstream.answer = (incoming, response) => {
    carriedOut += 1
    const body = incoming.url?.includes('artifacts') ? 'x'.repeat(10_000) : { registered_model: { name: 'fraud_acc' } }
    reply(200, body)(incoming, response)
  }
  const paths = [
    ...Array(9).fill('/api/2.0/mlflow/registered-models/get?name=fraud'),
    `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/model.bin`,
  ]
  const requests = paths.map((path) => makeRequest('GET', path, headers))
  const load = startLoad({ url: replicas.url, requests, perSecond: 60, clients: 12 })
  await sleep(500)
  for (const index of [0, 1] as const) t.equal(await replicas.restart(index), 0, `replica ${index} ends well`)
  await sleep(500)
  const { sent, failures } = await load.stop()
  t.same(failures, [])
  t.ok(sent > 100, `${sent} requests`)
  t.equal(carriedOut, sent, 'each is carried out once')

  const rows = (from: number) => ({
    registered_models: Array.from({ length: 5 }, (_, index) => ({ name: `m${from + index}_acc` })),
    next_page_token: `token-${from + 5}`,
  })
  upstream.answer = (incoming, response) => {
    const token = new URL(incoming.url ?? '', upstream.url).searchParams.get('page_token')
    reply(200, rows(Number(token?.replace('token-', '') ?? 0)))(incoming, response)
  }
  let page = ''
  const names: string[] = []
  for (let pages = 0; pages < 6; pages++) {
    const query = new URLSearchParams({ max_results: '5', ...(page !== '' && { page_token: page }) })
    const answer = await fetch(`${replicas.url}/api/2.0/mlflow/registered-models/search?${query}`, { headers })
    const body = await answer.json()
    page = body.next_page_token
    names.push(...body.registered_models.map(({ name }: { name: string }) => name))
  }
  t.same(
    names,
    Array.from({ length: 30 }, (_, index) => `m${index}`),
    "a replica goes on with another one's page token",
  )
})

t.end()
