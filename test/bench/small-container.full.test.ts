import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { makeRequests, uploadBlock } from '../../bench/compare/requests.ts'
import { startStub } from '../../bench/stub/start-stub.ts'
import { hugeArtifact } from '../../bench/stub/stub-answers.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { RawClient } from '../harness/load/raw-client.ts'
import { makeMemoryCgroup } from '../harness/memory-cgroup.ts'
import { startProxyProcess } from '../harness/proxy-process.ts'

const MiB = 1024 ** 2
const cgroup = makeMemoryCgroup('small-container', 128 * MiB)
const skip = cgroup === null ? 'this machine lets nobody make a control group with a limit of memory' : false

t.test('a container with 128 MiB serves 32 clients, and an artifact of 10 GiB up and down', { skip }, async (t) => {
  if (cgroup === null) return
  const [issuer, stub] = await Promise.all([startIssuer(), startStub()])
  const proxy = await startProxyProcess({
    upstream: stub.url,
    issuer,
    // As the image does.
    startedBy: [...cgroup.startedBy, 'env', 'MALLOC_ARENA_MAX=1'],
    settings: { limits: { messages: { principal: 64 } } },
  })
  t.teardown(async () => {
    await proxy.close()
    cgroup.remove()
    await Promise.all([stub.close(), issuer.close()])
  })
  const requests = makeRequests(`Bearer ${await issuer.token()}`, hugeArtifact)
  const statuses = new Map<number, number>()
  let isOver = false
  const work = async () => {
    const client = new RawClient(proxy.url)
    while (!isOver) {
      const status = await client.ask(requests.small)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status === 0) await sleep(100)
    }
    client.close()
  }
  const clients = Array.from({ length: 32 }, work)
  const [down, up] = [new RawClient(proxy.url), new RawClient(proxy.url)]
  const transfers = [down.ask(requests.download), up.upload(requests.uploadHead, uploadBlock, hugeArtifact.bytes / MiB)]
  t.same(await Promise.all(transfers), [200, 200], 'both are whole')
  isOver = true
  await Promise.all(clients)
  for (const client of [down, up]) client.close()
  t.same([...statuses.keys()], [200], `${statuses.get(200)} small requests, each answered`)
  t.comment(`at most ${Math.round(cgroup.peak() / MiB)} MiB`)
})

t.end()
