import t, { type Test } from 'tap'
import { startIssuer } from '../fakes/issuer.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { startProxy } from '../harness/proxy.ts'
import { askedByPage, checkItWould, checkOpened, checkPreviews, checkUntouched } from './artifact-views.ts'
import { startBrowser, type Viewer } from './browser.ts'
import { type Furniture, furnish, type Place } from './ui-seeds.ts'
import { transition, useStages, withViewer } from './ui-tour.ts'

const issuer = await startIssuer()
const browser = await startBrowser()
t.teardown(async () => {
  await browser.close()
  await issuer.close()
})

async function compare(viewer: Viewer, { experimentId, runs }: Furniture) {
  const query = `runs=${encodeURIComponent(JSON.stringify(runs))}&experiments=${encodeURIComponent(JSON.stringify([experimentId]))}`
  await viewer.open(`/#/compare-runs?${query}`, 'Comparing 2 Runs')
}

async function goThroughModels(viewer: Viewer, version: string) {
  await viewer.open('/#/models', 'fraud')
  await viewer.open('/#/models/fraud', 'Version 2')
  await viewer.picture(`model-${version}`)
  await viewer.open('/#/models/fraud/versions/1', 'Version 1')
  await useStages(viewer)
  await transition(viewer, 'Staging', 'Archived')
  await viewer.page.getByText('Archived', { exact: true }).first().waitFor()
  await transition(viewer, 'Archived', 'Production')
  await viewer.page.getByText(/Environment 'acc' may not move versions to Production/).waitFor()
  await viewer.picture(`refused-${version}`)
}

async function goThroughRuns(t: Test, viewer: Viewer, acc: Furniture, foreign: Furniture, version: string) {
  const here = `/#/experiments/${acc.experimentId}`
  const [first = ''] = acc.runs
  await viewer.open(here, 'acc-first')
  t.match(await viewer.words(), /acc-second/)
  await viewer.picture(`runs-${version}`)
  await compare(viewer, acc)
  t.match(await viewer.words(), /acc-first.*acc-second|acc-second.*acc-first/)
  await viewer.open(`${here}/runs/${first}`, 'Parameters (1)')
  await viewer.open(version === '2.9.2' ? `${here}/runs/${first}` : `${here}/runs/${first}/artifacts`, 'page.html')
  await checkPreviews(t, viewer, 'acc-first')
  await viewer.open(`/#/experiments/${foreign.experimentId}/runs/${foreign.runs[0]}`, 'does not exist')
}

async function goThrough(t: Test, version: string) {
  const mlflow = await startMlflow({ version })
  t.teardown(() => mlflow.close())
  const proxy = await startProxy({ upstream: mlflow.url, issuer })
  t.teardown(() => proxy.close())
  const { url } = proxy
  const place = async (role: string): Promise<Place> => ({ url, token: await issuer.token({ roles: [role] }) })
  const mine = await place('apps_acc')
  const acc = await furnish(mine, 'acc')
  const prod = await furnish(await place('apps_prod'), 'prod')
  // MLflow 2.9 asks by REST for what it will show as absent; later ones by GraphQL, too.
  const refused = new RegExp(`${askedByPage.source}|transition-stage|runs/get|experiments/get`)
  await withViewer(t, { browser, url, token: mine.token, foreign: ['prod-first', 'prod-second'], refused }, async (viewer) => {
    await goThroughRuns(t, viewer, acc, prod, version)
    await goThroughModels(viewer, version)
    const [first = ''] = acc.runs
    const addresses = ['page.html', 'picture.svg'].flatMap((file) => [
      `/get-artifact?run_uuid=${first}&path=${file}`,
      `/model-versions/get-artifact?name=fraud&version=1&path=${file}`,
      `/api/2.0/mlflow-artifacts/artifacts/${acc.experimentId}/${first}/artifacts/${file}`,
    ])
    await checkOpened(t, viewer, url, addresses)
    await checkUntouched(t, viewer, mine)
    await checkItWould(t, viewer, `${url}/get-artifact?run_uuid=${first}&path=page.html`)
  })
}

for (const version of ['2.22.4', '2.9.2'])
  await t.test(`the UI of MLflow ${version}: runs, previews, models, a polite refusal`, (t) => goThrough(t, version))
