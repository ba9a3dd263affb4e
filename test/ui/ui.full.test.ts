import t, { type Test } from 'tap'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { startIssuer } from '../fakes/issuer.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { startProxy } from '../harness/proxy.ts'
import { askedByPage, checkItWould, checkOpened, checkPreviews, checkUntouched } from './artifact-views.ts'
import { look, startBrowser, type Viewer } from './browser.ts'
import { goThroughClosedPages, goThroughPrompts, goThroughTraces } from './genai-pages.ts'
import { furnish, furnishNew } from './ui-seeds.ts'
import { type Tour, transition, useStages, withViewer } from './ui-tour.ts'

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
  none: await issuer.token({ roles: ['other'] }),
  expired: await issuer.token({ exp: Math.floor(Date.now() / 1000) - 3600 }),
}
const { url } = proxy
const acc = await furnish({ url, token: tokens.acc }, 'acc')
const prod = await furnish({ url, token: tokens.prod }, 'prod')
const genai = await furnishNew({ url, token: tokens.acc }, 'acc', acc.experimentId)
const [first = '', second = ''] = acc.runs
const here = `/#/experiments/${acc.experimentId}`

function asAcc(t: Test, walk: (viewer: Viewer) => Promise<void>, more: Partial<Tour> = {}): Promise<void> {
  return withViewer(t, { browser, url, token: tokens.acc, foreign: ['prod-first', 'prod-second', ...prod.runs], ...more }, walk)
}

t.test('experiments and runs: list, open, charts, compare', (t) =>
  asAcc(t, async (viewer) => {
    await viewer.open('/#/experiments', 'churn')
    t.match(await viewer.words(), /churn.*Default/)
    await viewer.picture('experiments')
    await viewer.open(`${here}/runs`, 'acc-first')
    t.match(await viewer.words(), /acc-second/)
    await viewer.picture('runs')
    await viewer.open(`${here}/runs/${first}`, 'depth')
    t.match(await viewer.words(), /acc-first.*auc.*0\.73/)
    await viewer.picture('run')
    await viewer.open(`${here}/runs/${first}/model-metrics`, 'auc')
    await viewer.page.locator('.js-plotly-plot').first().waitFor()
    await viewer.picture('charts')
    const compared = `runs=${encodeURIComponent(JSON.stringify([first, second]))}&experiments=${encodeURIComponent(JSON.stringify([acc.experimentId]))}`
    await viewer.open(`/#/compare-runs?${compared}`, 'Comparing 2 Runs')
    t.match(await viewer.words(), /acc-first.*acc-second|acc-second.*acc-first/)
    await viewer.picture('compare')
  }),
)

t.test('an experiment is made and renamed; another environment’s is not found', (t) =>
  asAcc(
    t,
    async (viewer) => {
      const dialog = viewer.page.getByRole('dialog')
      await viewer.open('/#/experiments', 'churn')
      await viewer.page.getByRole('button', { name: 'Create', exact: true }).first().click()
      await viewer.page.getByPlaceholder('Input an experiment name').fill('made by hand')
      await dialog.getByRole('button', { name: 'Create', exact: true }).click()
      await viewer.page.waitForURL(/experiments\/\d+/)
      const [, made] = /experiments\/(\d+)/.exec(viewer.page.url()) ?? []
      await viewer.open(`/#/experiments/${made}/runs`, 'made by hand')
      await viewer.page.getByTestId('overflow-menu-trigger').first().click()
      await viewer.page.getByText('Edit experiment', { exact: true }).click()
      await dialog.locator('input').first().fill('renamed by hand')
      await dialog.getByRole('button', { name: 'Save', exact: true }).click()
      await viewer.page.getByText('renamed by hand').first().waitFor()
      await viewer.open(`/#/experiments/${prod.experimentId}/runs`, 'No Experiment with id=')
      await viewer.picture('foreign-experiment')
    },
    { refused: /experiments\/get/ },
  ),
)

t.test('artifacts: previews show, and none can act as the person who looks', (t) =>
  asAcc(
    t,
    async (viewer) => {
      await viewer.open(`${here}/runs/${first}/artifacts`, 'page.html')
      await checkPreviews(t, viewer, 'acc-first')
      const store = '/api/2.0/mlflow-artifacts/artifacts'
      const hostile = ['page.html', 'picture.svg'].flatMap((file) => [
        `/get-artifact?run_uuid=${first}&path=${file}`,
        `/model-versions/get-artifact?name=fraud&version=1&path=${file}`,
        `${store}/${acc.experimentId}/${first}/artifacts/${file}`,
        `/ajax-api/2.0/mlflow/logged-models/${genai.loggedModel}/artifacts/files?artifact_file_path=${file}`,
      ])
      const attached = `/ajax-api/3.0/mlflow/get-trace-artifact?request_id=${genai.trace}&path=${genai.attachment}`
      await checkOpened(t, viewer, url, [...hostile, attached])
      await checkUntouched(t, viewer, { url, token: tokens.acc })
      await checkItWould(t, viewer, `${url}/get-artifact?run_uuid=${first}&path=page.html`)
    },
    { refused: askedByPage },
  ),
)

t.test('models: versions, an alias, a stage, and a polite refusal', (t) =>
  asAcc(
    t,
    async (viewer) => {
      await viewer.open('/#/models', 'fraud')
      await viewer.picture('models')
      await viewer.open('/#/models/fraud', 'Version 2')
      await viewer.picture('model')
      const row = viewer.page.getByRole('row', { name: /Version 1/ })
      await row.getByText('Add', { exact: true }).last().click()
      await viewer.page.getByRole('combobox').last().fill('champion')
      await viewer.page.keyboard.press('Enter')
      await viewer.page.getByRole('dialog').getByText('champion').filter({ visible: true }).first().waitFor()
      const saved = viewer.page.waitForResponse(/registered-models\/alias/)
      await viewer.page.getByRole('button', { name: 'Save aliases' }).click()
      t.equal((await saved).status(), 200)
      // On a busy machine MLflow's page sometimes does not ask for what it has just changed.
      await viewer.page.reload()
      await viewer.page.getByText('@ champion').first().waitFor()
      await viewer.picture('alias')
      await viewer.open('/#/models/fraud/versions/1', 'Staging')
      await useStages(viewer)
      await transition(viewer, 'Staging', 'Archived')
      await viewer.page.getByText('Archived', { exact: true }).first().waitFor()
      await viewer.picture('archived')
      await transition(viewer, 'Archived', 'Production')
      await viewer.page.getByText(/Environment 'acc' may not move versions to Production/).waitFor()
      await viewer.picture('refused')
    },
    { refused: /transition-stage/ },
  ),
)

t.test('traces: the list, one with its spans, and feedback that is given by hand', (t) =>
  asAcc(t, (viewer) => goThroughTraces(viewer, here, genai.trace)),
)

t.test('prompts: a new version, and two of them compared', (t) => asAcc(t, goThroughPrompts))

t.test('what belongs to the whole server says so on its page', (t) =>
  asAcc(t, goThroughClosedPages, { refused: /webhooks|mcp-servers|users/ }),
)

t.test('a person in two environments chooses, and stays in the chosen one', (t) =>
  withViewer(t, { browser, url, token: tokens.both }, async (viewer) => {
    await viewer.open('/', 'Which environment?')
    await viewer.picture('choice')
    await viewer.page.getByRole('link', { name: 'prod' }).click()
    await viewer.page.getByText('Experiments').first().waitFor()
    t.equal(new URL(viewer.page.url()).pathname, '/env/prod/')
    await viewer.open('/env/prod/#/models/fraud/versions/1', 'Production')
    t.match(await viewer.words(), /prod-first/)
    await viewer.picture('prod-version')
    await viewer.page.goto(`${url}/env/acc`)
    t.equal(new URL(viewer.page.url()).pathname, '/env/acc/', 'the missing slash is added')
    await viewer.page.getByText('churn').first().waitFor()
    // Both are pages of one origin, which share what the browser keeps for it.
    const kept = await viewer.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))
    t.notMatch(kept, /prod-first|fraud|churn/, 'what the UI keeps in the browser names nothing of an environment')
  }),
)

t.test('whoever is in no environment, or in another, or comes with an old token, reads why', async (t) => {
  const viewer = await look(browser, url, tokens.none)
  t.teardown(() => viewer.close())
  await viewer.open('/', /groups \(other\) belong to no environment\. Ask an administrator/)
  await viewer.picture('no-environment')
  await viewer.become(tokens.acc)
  await viewer.open('/env/prod/', "You are not in an environment named 'prod'. Yours: acc.")
  await viewer.open('/#/experiments', 'churn')
  await viewer.become(tokens.expired)
  await viewer.page.getByPlaceholder('Search experiments').fill('chu')
  await viewer.page.keyboard.press('Enter')
  await viewer.page
    .getByText(/expired/)
    .first()
    .waitFor()
  await viewer.picture('expired')
  await viewer.open('/?again', /access token has expired/)
  t.same(viewer.strayed, [])
})
