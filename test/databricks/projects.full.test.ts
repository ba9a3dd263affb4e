import { dirname } from 'node:path'
import t from 'tap'
import { ensurePythonEnvironments, pythonOf } from '../../scripts/setup/python-environments.mjs'
import { objectOf } from '../fakes/workspace/call.ts'
import { startJobs } from '../fakes/workspace/jobs.ts'
import { startApp } from '../harness/app.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { runDatabricksClient } from '../scenarios/databricks-python.ts'

// The client submits with its own rights in the workspace; the job asks the proxy, with a token of its environment.
const versions = ['1.30.1', '2.22.4', '3.17.2']
await ensurePythonEnvironments(versions, (line) => t.comment(line))
const server = await startMlflow({ version: '3.17.2' })
const app = await startApp({ upstream: server.url })
t.teardown(async () => {
  await app.close()
  await server.close()
})

for (const version of versions) {
  t.test(`a project of MLflow ${version} runs as a job, whose run lands in the environment`, { timeout: 200_000 }, async (t) => {
    const [jobToken, foreign] = await Promise.all([app.issuer.token(), app.issuer.token({ roles: ['apps_preprod'] })])
    const secrets = { 'acc/mlflow': jobToken, 'preprod/mlflow': foreign }
    const jobs = await startJobs({ programs: dirname(pythonOf(version)), token: 'of-the-workspace', secrets })
    t.teardown(() => jobs.close())
    const run = (secret: string) =>
      runDatabricksClient({
        environment: version,
        script: 'projects_http_client.py',
        host: jobs.url,
        token: 'of-the-workspace',
        env: { MLFLOW_TRACKING_URI: app.url, MLFLOW_TRACKING_TOKEN: app.token, JOBS_TOKEN: `{{secrets/${secret}}}` },
      })
    const [seen = {}] = await run('acc/mlflow')
    t.match(seen, { status: 'FINISHED', metrics: { auc: 0.75 }, params: { where: 'cluster' } }, jobs.logs().slice(-2000))
    t.match(objectOf(seen.tags), { 'mlflow.databricks.shellJobRunID': '1' })
    const [job = {}] = jobs.submitted
    t.match(objectOf(objectOf(job.shell_command_task).env_vars), { MLFLOW_TRACKING_URI: app.url })
    t.notMatch(JSON.stringify(job), jobToken, 'the token is not in the job, but in the secret that it names')
    const experiment = await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${String(seen.id)}`)
    const { run: stored } = objectOf(await experiment.json())
    const name = await fetch(
      `${server.url}/api/2.0/mlflow/experiments/get?experiment_id=${String(objectOf(objectOf(stored).info).experiment_id)}`,
    )
    t.match(await name.json(), { experiment: { name: '/experiments/acc/projects' } }, 'in the environment')
    if (version !== '3.17.2') return
    const [other = {}] = await run('preprod/mlflow')
    t.same([other.metrics, other.params], [{}, {}], 'a job with another environment’s token reaches nothing of this one')
  })
}
