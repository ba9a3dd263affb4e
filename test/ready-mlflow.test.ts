import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startReadyMlflow } from '../scripts/run/ready-mlflow.mjs'
import { newestMlflow } from '../scripts/setup/python-environments.mjs'
import { startMlflow } from './harness/mlflow-server.ts'
import { readyMlflow } from './harness/ready-mlflow.ts'

const variable = 'ENV_PROXY_READY_MLFLOW'

t.test(
  'a server that is forked from loaded modules is MLflow as its command starts it, and ends when it is closed',
  async (t) => {
    // A run of all tests has the processes already.
    if (process.env[variable] === undefined) {
      const ready = startReadyMlflow([newestMlflow])
      process.env[variable] = ready.folder
      t.teardown(() => {
        delete process.env[variable]
        ready.close()
      })
      while (readyMlflow(newestMlflow) === null) await sleep(50)
    }
    const [one, other] = await Promise.all([startMlflow({ version: newestMlflow }), startMlflow({ version: newestMlflow })])
    t.teardown(() => other.close())
    t.equal(await (await fetch(`${one.url}/version`)).text(), newestMlflow)
    const call = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"mine"}' }
    const make = async (url: string) => (await fetch(`${url}/api/2.0/mlflow/registered-models/create`, call)).status
    t.equal(await make(one.url), 200)
    t.equal(await make(one.url), 400, 'it keeps what it is told')
    t.equal(await make(other.url), 200, 'and shares nothing with another')
    await one.close()
    await t.rejects(fetch(`${one.url}/version`), 'it is gone')
    t.equal((await fetch(`${other.url}/version`)).status, 200, 'and the other is not')
  },
)
