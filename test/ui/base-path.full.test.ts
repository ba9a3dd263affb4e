import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { newestMlflow, pythonOf } from '../../scripts/setup/python-environments.mjs'
import { requestToken } from '../fakes/entra.ts'
import { look, startBrowser } from './browser.ts'
import { startLoginSetup } from './login-setup.ts'

const run = promisify(execFile)
const base = '/mlflow'
const setup = await startLoginSetup({ basePath: base })
const browser = await startBrowser()
t.teardown(async () => {
  await browser.close()
  await setup.close()
})

const script = `
import os, mlflow
from mlflow import MlflowClient
mlflow.set_experiment("churn")
with mlflow.start_run() as run:
    mlflow.log_metric("auc", 0.9)
    mlflow.log_text("hello", "notes/hello.txt")
client = MlflowClient()
client.create_registered_model("fraud-py")
version = client.create_model_version("fraud-py", f"runs:/{run.info.run_id}/notes", run.info.run_id)
print(version.current_stage, mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/hello.txt"), client.get_run(run.info.run_id).data.metrics["auc"])
`

t.test('an unmodified client works with the path in its tracking URI', async (t) => {
  const token = await requestToken(setup.entra, setup.trainer)
  const MLFLOW_TRACKING_URI = `${setup.proxy.url}${base}`
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, MLFLOW_TRACKING_URI, MLFLOW_TRACKING_TOKEN: token }
  const { stdout } = await run(pythonOf(newestMlflow), ['-c', script], { env })
  t.match(stdout, 'Staging hello 0.9')
})

t.test('people log in and use MLflow below a base path', async (t) => {
  const { url } = setup.proxy
  const { acc, entra } = setup
  const viewer = await look(browser, url, null)
  t.teardown(() => viewer.close())
  const { page } = viewer
  await page.goto(`${url}${base}`)
  await page.getByRole('link', { name: 'Log in with Microsoft' }).click()
  await page.getByText('Bo Lind').click()
  await page.getByRole('link', { name: 'acc' }).click()
  await page.getByText('Environment').first().waitFor()
  t.equal(new URL(page.url()).pathname, `${base}/env/acc/`)
  await page.goto(`${url}${base}/env/acc/#/experiments/${acc.experimentId}/runs`)
  await page.getByText('acc-first').first().waitFor()
  await viewer.picture('base-path')
  const cookies = await page.context().cookies()
  const cookie = cookies.find(({ name }) => name === '__Secure-mlflow-session')
  t.match(cookie, { path: base, secure: true, httpOnly: true, sameSite: 'Lax' })
  await page.locator('#env-proxy-bar summary').click()
  await page.getByRole('link', { name: 'Use it from code' }).click()
  await page.getByText(`MLFLOW_TRACKING_URI=${url}${base}/env/acc`).first().waitFor()
  const own = viewer.heard.filter((each) => each.url.startsWith('/'))
  t.strictSame(
    own.filter((each) => !each.url.startsWith(base)).map((each) => each.url),
    [],
    'nothing is asked for beside the path',
  )
  t.strictSame(
    viewer.strayed.filter((address) => !address.startsWith(entra.authority)),
    [],
  )
  t.strictSame(viewer.complaints, [])
})
