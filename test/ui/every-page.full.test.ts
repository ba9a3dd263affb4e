import t, { type Test } from 'tap'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { startIssuer } from '../fakes/issuer.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { startProxy } from '../harness/proxy.ts'
import { startBrowser } from './browser.ts'
import { type Furniture, furnish, furnishNew, type NewFurniture, type Place } from './ui-seeds.ts'
import { withViewer } from './ui-tour.ts'

const list = (values: readonly string[]) => encodeURIComponent(JSON.stringify(values))

/** Every page that the router of MLflow 3's UI knows (`createRoutePath` in its source), and one that it does not. */
function pagesOf({ experimentId, runs }: Furniture, { loggedModel, trace }: NewFurniture): string[] {
  const experiment = `/experiments/${experimentId}`
  const [first = '', second = ''] = runs
  const run = `${experiment}/runs/${first}`
  const files = ['page.html', 'picture.svg', 'note.txt', 'table.csv', 'film.mp4', 'MLmodel', 'absent.txt']
  const tabs = [
    'overview/usage',
    'overview/quality',
    'overview/tool-calls',
    'runs',
    'models',
    'traces',
    'chat-sessions',
    'judges',
  ]
  const more = ['datasets', 'evaluation-runs', 'prompts', 'prompts/greeting', 'review-queue', 'playground', 'issues']
  const server = [
    'settings/general',
    'settings/webhooks',
    'settings/llm-connections',
    'gateway',
    'gateway/api-keys',
    'gateway/usage',
  ]
  const compared = `runs=${list(runs)}&experiments=${list([experimentId])}`
  return [
    ...['/', '/experiments', '/models', '/prompts', '/nonsense', `/runs/${first}`],
    ...[...tabs, ...more].map((tab) => `${experiment}/${tab}`),
    ...['CHART', 'ARTIFACT'].map((mode) => `${experiment}/runs?compareRunsMode=${mode}`),
    ...['', '/model-metrics', '/system-metrics', '/traces', '/artifacts', ...files.map((file) => `/artifacts/${file}`)].map(
      (tab) => `${run}${tab}`,
    ),
    `/compare-runs?${compared}`,
    `/compare-experiments/s?experiments=${list([experimentId, '0'])}`,
    `/metric?${compared}&metric=${encodeURIComponent('"auc"')}&plot_metric_keys=${list(['auc'])}`,
    ...['', '/traces', '/artifacts'].map((tab) => `${experiment}/models/${loggedModel}${tab}`),
    `${experiment}/traces/${trace}`,
    ...['/models/fraud', '/models/fraud/versions/1', '/prompts/greeting', '/prompts/greeting?promptVersion=1'],
    `/compare-model-versions?name="fraud"&runs=${encodeURIComponent(JSON.stringify({ 1: first, 2: second }))}`,
    ...[...server, 'gateway/budgets', 'gateway/endpoints/create', 'mcp-registry', 'skills', 'account', 'admin'].map(
      (page) => `/${page}`,
    ),
  ]
}

async function openAll(t: Test, version: string) {
  const issuer = await startIssuer()
  t.teardown(() => issuer.close())
  const mlflow = await startMlflow({ version })
  t.teardown(() => mlflow.close())
  const proxy = await startProxy({ upstream: mlflow.url, issuer })
  t.teardown(() => proxy.close())
  const browser = await startBrowser()
  t.teardown(() => browser.close())
  const { url } = proxy
  const mine: Place = { url, token: await issuer.token() }
  const furniture = await furnish(mine, 'acc')
  const pages = pagesOf(furniture, await furnishNew(mine, 'acc', furniture.experimentId))
  // What belongs to the whole server is refused; nothing else is.
  const refused = /\/mlflow\/(webhooks|gateway\/|mcp-servers|skills|users\/)|experiments\/(create|search\?max_results=5)$/
  await withViewer(t, { browser, url, token: mine.token, foreign: [], refused }, async (viewer) => {
    for (const page of pages) {
      await viewer.page.goto('about:blank')
      await viewer.page.goto(`${url}/#${page}`)
      await viewer.page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined) // some pages poll
      t.match(await viewer.words(), /\w{3}/, `${page} says something`)
      await viewer.picture(`${version}${page.replace(/\W+/g, '-').slice(0, 80)}`)
    }
  })
}

t.setTimeout(20 * 60_000)
await t.test(`every page of the UI of MLflow ${newestMlflow} is answered all that it asks for`, (t) => openAll(t, newestMlflow))
