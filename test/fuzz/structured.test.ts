import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { StructuredFuzz } from '../../fuzz/structured/run.ts'
import { CatalogFolder } from '../../src/server/databricks/storage/catalog-folder.ts'
import { AzureStorage } from '../../src/server/databricks/storage/databricks-store.ts'
import type { StorageCall } from '../../src/server/databricks/storage/storage-call.ts'
import { toMessage } from '../fakes/fake-fact-source.ts'

// Seconds of what `npm run fuzz -- structured` does for as long as is asked: always the same requests, and others every day.
const fixed = Array.from({ length: 500 }, (_, at) => 1_000 + at)
const today = Math.floor(Date.now() / 86_400_000) * 100_000
const rotating = Array.from({ length: 500 }, (_, at) => today + at)

t.setTimeout(4 * 60_000)
const fuzz = await StructuredFuzz.start()
t.teardown(() => fuzz.close())

await t.test(
  'no request, however it is written, reaches or shows what is another environment’s, or breaks the proxy',
  async (t) => {
    for (const seed of [...fixed, ...rotating]) await fuzz.try(seed)
    const { findings, decisions, forwarded } = fuzz.tally
    t.same(findings, [], `seeds ${fixed[0]} and ${today}, 500 of each: npm run fuzz -- structured --seed <seed> --count 1`)
    const allowed = [...decisions].filter(([decision]) => decision.startsWith('allow')).reduce((sum, [, times]) => sum + times, 0)
    t.ok(allowed > 50, `${allowed} requests were allowed`)
    t.ok(forwarded.size > 50, `${forwarded.size} endpoints were reached`)
  },
)

await t.test('a text of a query may hold what would lead out of a folder if it were a path', async (t) => {
  for (const provider of ['../x', 'x/../y', '..', '/..']) {
    const path = `/ajax-api/3.0/mlflow/gateway/provider-config?provider=${encodeURIComponent(provider)}`
    const { status, heard } = await fuzz.ask('acc', path)
    t.equal(status, 200, provider)
    t.same(heard, [path], 'it is asked for as it is')
  }
})

await t.test('credentials that fail while it is asked where the files are fail the request, and nothing else', async (t) => {
  const unhandled: unknown[] = []
  const note = (error: unknown) => void unhandled.push(error)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  const call: StorageCall = async (method) => {
    if (method === 'GET') await sleep(20)
    return { status: 403, json: toMessage({ error_code: 'PERMISSION_DENIED', message: 'no' }) }
  }
  const storage = new AzureStorage([], undefined, true)
  t.teardown(() => storage.close())
  const folder = new CatalogFolder(call, storage, { name: 'acc.acc_ml.fraud', version: '1' }, 'read')
  await t.rejects(folder.download('MLmodel'))
  await t.rejects(folder.list(''))
  await sleep(50)
  t.same(unhandled, [])
})
