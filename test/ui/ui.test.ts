import t, { type Test } from 'tap'
import { newestMlflow } from '../../scripts/python-environments.mjs'
import { look, startBrowser, type Viewer } from '../support/browser.ts'
import { startIssuer } from '../support/issuer.ts'
import { startMlflow } from '../support/mlflow-server.ts'
import { startProxy } from '../support/proxy.ts'

const hostile = (mark: string) => `<h1>${mark}</h1><script>document.title = parent.document.title = 'taken over'</script>`
const picture = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="red"/><script>document.title = 'taken over'</script></svg>`

/** A proxy and what one environment keeps behind it. */
interface Place {
  readonly url: string
  readonly token: string
}

async function call(
  { url, token }: Place,
  method: string,
  path: string,
  body: object | string,
): Promise<Record<string, unknown>> {
  const type = typeof body === 'string' ? 'application/octet-stream' : 'application/json'
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const headers = { authorization: `Bearer ${token}`, 'content-type': type }
  const answer = await fetch(`${url}${path}`, { method, headers, body: text })
  const said = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${said}`)
  return said === '' ? {} : JSON.parse(said)
}

const post = async <T>(place: Place, path: string, body: object): Promise<T> =>
  (await call(place, 'POST', `/api/2.0/mlflow/${path}`, body)) as T

async function makeRun(place: Place, experimentId: string, name: string, auc: number): Promise<string> {
  const { run } = await post<{ run: { info: { run_id: string } } }>(place, 'runs/create', {
    experiment_id: experimentId,
    run_name: name,
    start_time: Date.now(),
  })
  const { run_id } = run.info
  const metrics = [1, 2, 3].map((step) => ({ key: 'auc', value: auc + step / 100, timestamp: Date.now(), step }))
  await post(place, 'runs/log-batch', { run_id, metrics, params: [{ key: 'depth', value: '7' }] })
  for (const [file, content] of Object.entries({
    'page.html': hostile(name),
    'picture.svg': picture,
    'note.txt': `words of ${name}`,
  })) {
    await call(place, 'PUT', `/api/2.0/mlflow-artifacts/artifacts/${experimentId}/${run_id}/artifacts/${file}`, content)
  }
  await post(place, 'runs/update', { run_id, status: 'FINISHED', end_time: Date.now() })
  return run_id
}

/** Experiment `churn` with two runs, and model `fraud` with two versions. */
async function furnish(place: Place, environment: string) {
  const { experiment_id } = await post<{ experiment_id: string }>(place, 'experiments/create', { name: 'churn' })
  const runs = [
    await makeRun(place, experiment_id, `${environment}-first`, 0.7),
    await makeRun(place, experiment_id, `${environment}-second`, 0.8),
  ]
  await post(place, 'registered-models/create', { name: 'fraud' })
  for (const run of runs) {
    await post(place, 'model-versions/create', {
      name: 'fraud',
      run_id: run,
      source: `mlflow-artifacts:/${experiment_id}/${run}/artifacts`,
    })
  }
  return { experimentId: experiment_id, runs }
}

const issuer = await startIssuer()
const mlflow = await startMlflow({ version: newestMlflow })
const proxy = await startProxy({ upstream: mlflow.url, issuer })
const browser = await startBrowser()
t.teardown(async () => {
  await browser.close()
  await proxy.close()
  await mlflow.close()
  await issuer.close()
})
const tokens = {
  acc: await issuer.token({ roles: ['apps_acc'] }),
  prod: await issuer.token({ roles: ['apps_prod'] }),
  both: await issuer.token({ roles: ['apps_acc', 'apps_prod'] }),
}
const acc = await furnish({ url: proxy.url, token: tokens.acc }, 'acc')
const prod = await furnish({ url: proxy.url, token: tokens.prod }, 'prod')

/** Nothing that came to the browser names anything as MLflow does, or anything of another environment; and all of it came from the proxy. */
function checkQuiet(t: Test, viewer: Viewer, foreign: readonly string[]) {
  const names = ['_acc', '_prod', '/experiments/acc', '/experiments/prod', ...foreign]
  const told = viewer.heard.filter(({ text }) => names.some((name) => text.includes(name)))
  t.same(told, [], 'no upstream name, and nothing of another environment, came to the browser')
  t.ok(viewer.heard.length > 10, 'the browser heard a lot')
  t.same(viewer.strayed, [], 'nothing left for another host')
}

async function withViewer(token: string, foreign: readonly string[], t: Test, tour: (viewer: Viewer) => Promise<void>) {
  const viewer = await look(browser, proxy.url, token)
  t.teardown(() => viewer.close())
  await tour(viewer).catch(async (error) => {
    await viewer.picture(`failed-${t.name.split(':')[0]}`)
    t.comment(viewer.heard.filter(({ status }) => status >= 400))
    throw error
  })
  checkQuiet(t, viewer, foreign)
}

const foreignToAcc = ['prod-first', 'prod-second', ...prod.runs]

t.test('experiments and runs: list, open, compare', (t) =>
  withViewer(tokens.acc, foreignToAcc, t, async (viewer) => {
    await viewer.open('/#/experiments', 'churn')
    t.match(await viewer.words(), /churn.*Default/)
    await viewer.picture('experiments')
    await viewer.open(`/#/experiments/${acc.experimentId}/runs`, 'acc-first')
    t.match(await viewer.words(), /acc-second/)
    await viewer.picture('runs')
    const [first = '', second = ''] = acc.runs
    await viewer.open(`/#/experiments/${acc.experimentId}/runs/${first}`, 'depth')
    t.match(await viewer.words(), /acc-first.*auc.*0\.73/)
    await viewer.picture('run')
    await viewer.open(`/#/experiments/${acc.experimentId}/runs/${first}/model-metrics`, 'auc')
    await viewer.page.locator('.js-plotly-plot').first().waitFor()
    await viewer.picture('charts')
    const compared = `runs=${encodeURIComponent(JSON.stringify([first, second]))}&experiments=${encodeURIComponent(JSON.stringify([acc.experimentId]))}`
    await viewer.open(`/#/compare-runs?${compared}`, 'Comparing 2 Runs')
    t.match(await viewer.words(), /acc-first.*acc-second|acc-second.*acc-first/)
    await viewer.picture('compare')
    await viewer.open(`/#/experiments/${prod.experimentId}/runs`, /not found|No Experiment|does not exist|error/i)
    await viewer.picture('foreign-experiment')
  }),
)

t.test('artifacts: previews show, and cannot act as the person who looks', (t) =>
  withViewer(tokens.acc, foreignToAcc, t, async (viewer) => {
    const run = `/#/experiments/${acc.experimentId}/runs/${acc.runs[0]}/artifacts`
    await viewer.open(`${run}/note.txt`, 'words of acc-first')
    await viewer.picture('artifact-text')
    await viewer.page.getByText('page.html').first().click()
    await viewer.page.frameLocator('iframe').getByText('acc-first').waitFor()
    await viewer.picture('artifact-html')
    await viewer.page.getByText('picture.svg').first().click()
    await viewer.page.locator('img[src^="blob:"], img[src*="picture.svg"]').first().waitFor()
    await viewer.picture('artifact-svg')
    t.not(await viewer.page.title(), 'taken over', 'a page in the preview does not reach the page around it')
    for (const file of ['page.html', 'picture.svg']) {
      const address = `/get-artifact?run_uuid=${acc.runs[0]}&path=${file}`
      await viewer.page.goto(`${proxy.url}${address}`).catch(() => undefined) // it may be offered for download
      t.not(await viewer.page.title(), 'taken over', `${file} opened by itself runs nothing`)
      const answer = viewer.heard.find(({ url }) => url === address)
      t.equal(answer?.status, 200, `${file} was served`)
    }
  }),
)

async function useOldRegistry({ page }: Viewer) {
  await page.getByRole('switch').first().click()
  await page.getByRole('button', { name: 'Disable' }).click()
}

async function transition({ page }: Viewer, from: string, to: string) {
  await page.getByText(from, { exact: true }).first().click()
  await page.locator('[role=menuitem]', { hasText: to }).first().click()
  await page
    .getByRole('button', { name: /OK|Confirm/ })
    .first()
    .click()
}

t.test('models: versions, an alias, a stage, and a polite refusal', (t) =>
  withViewer(tokens.acc, foreignToAcc, t, async (viewer) => {
    await viewer.open('/#/models', 'fraud')
    await viewer.picture('models')
    await viewer.open('/#/models/fraud', 'Version 2')
    await viewer.picture('model')
    await viewer.page
      .getByRole('row', { name: /Version 1/ })
      .getByText('Add', { exact: true })
      .last()
      .click()
    await viewer.page.getByRole('combobox').last().fill('champion')
    await viewer.page.keyboard.press('Enter')
    await viewer.page.getByRole('button', { name: 'Save aliases' }).click()
    await viewer.page.getByText('@ champion').first().waitFor()
    await viewer.picture('alias')
    await viewer.open('/#/models/fraud/versions/1', 'Staging')
    await useOldRegistry(viewer)
    await transition(viewer, 'Staging', 'Archived')
    await viewer.page.getByText('Archived', { exact: true }).first().waitFor()
    await viewer.picture('archived')
    await transition(viewer, 'Archived', 'Production')
    await viewer.page.getByText(/Environment 'acc' may not move versions to Production/).waitFor()
    await viewer.picture('refused')
  }),
)

t.test('a person in two environments chooses, and stays in the chosen one', async (t) => {
  const viewer = await look(browser, proxy.url, tokens.both)
  t.teardown(() => viewer.close())
  await viewer.open('/', 'Which environment?')
  await viewer.picture('choice')
  await viewer.page.getByRole('link', { name: 'prod' }).click()
  await viewer.page.getByText('Experiments').first().waitFor()
  t.equal(new URL(viewer.page.url()).pathname, '/env/prod/')
  await viewer.open('/env/prod/#/models/fraud/versions/1', 'Production')
  t.match(await viewer.words(), /prod-first/)
  await viewer.picture('prod-version')
  await viewer.page.goto(`${proxy.url}/env/acc`)
  t.equal(new URL(viewer.page.url()).pathname, '/env/acc/', 'the missing slash is added')
  checkQuiet(t, viewer, [])
})
