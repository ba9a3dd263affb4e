import t from 'tap'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { startIssuer } from '../fakes/issuer.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { freePort } from '../harness/program.ts'
import { startProxyProcess } from '../harness/proxy-process.ts'
import { look, startBrowser } from './browser.ts'

const [issuer, mlflow, browser] = await Promise.all([startIssuer(), startMlflow({ version: newestMlflow }), startBrowser()])
const adminPort = await freePort()
const markup = '<b onclick="alert(1)">bold</b>'
const proxy = await startProxyProcess({
  upstream: mlflow.url,
  ports: { admin: adminPort },
  issuer,
  settings: {
    environments: {
      acc: { groups: ['apps_acc', markup], readers: ['auditors'] },
      preprod: { groups: ['apps_preprod'], enforcement: 'shadow' },
      prod: {
        groups: ['apps_prod', '6f1f9e6c-0f5b-4c0e-9f0e-3a1d5c7b9e21'],
        administrators: ['platform'],
        production: true,
        promotesFrom: ['acc', 'preprod'],
      },
    },
    authentication: {
      entra: { tenantId: issuer.tenantId, audiences: [issuer.audience], authority: issuer.authority },
      requiredGroups: ['everybody'],
    },
    admin: { host: '127.0.0.1', port: adminPort, statusPage: 'names' },
  },
})
t.teardown(async () => {
  await browser.close()
  await proxy.close()
  await Promise.all([mlflow.close(), issuer.close()])
})

async function ask(path: string, groups: readonly string[], body: object | null = null): Promise<number> {
  const headers = { authorization: `Bearer ${await issuer.token({ roles: ['everybody', ...groups] })}` }
  const sent =
    body === null
      ? { headers }
      : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(`${proxy.url}${path}`, sent)
  await answer.text()
  return answer.status
}

for (const scheme of ['light', 'dark'] as const)
  t.test(`operators see who may do what, health, traffic and refusals (${scheme})`, async (t) => {
    await ask('/api/2.0/mlflow/registered-models/create', ['apps_acc'], { name: 'fraud' })
    await ask('/api/2.0/mlflow/experiments/get-by-name?experiment_name=churn', ['apps_preprod'])
    t.equal(await ask('/api/2.0/mlflow/registered-models/create', ['auditors'], { name: markup }), 403)
    t.equal(await ask('/api/2.0/mlflow/registered-models/get?name=fraud', ['cooks']), 403)
    const viewer = await look(browser, proxy.adminUrl, null, scheme)
    t.teardown(() => viewer.close())
    await viewer.open('/status', 'Who may do what')
    await viewer.page.setViewportSize({ width: 1400, height: 1700 })
    await viewer.picture(`status-${scheme}`)
    const words = await viewer.words()
    t.match(words, /MLflow well/)
    t.match(words, /tenant [0-9-]+ well/)
    t.match(words, /no-environment/)
    t.match(words, markup, 'what callers and configurations say is text')
    t.equal(await viewer.page.locator('b[onclick]').count(), 0)
    t.equal(await viewer.page.locator('script').count(), 0)
    const accText = viewer.page.locator('svg text', { hasText: 'fraud_acc' })
    t.ok(await accText.isVisible())
    t.strictSame(viewer.complaints, [], 'nothing was forbidden by the policy of the page')
    t.strictSame(viewer.strayed, [])
    await viewer.page.setViewportSize({ width: 420, height: 900 })
    await viewer.picture(`status-narrow-${scheme}`)
    const { scrollWidth, clientWidth } = await viewer.page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement
      return { scrollWidth, clientWidth }
    })
    t.ok(scrollWidth <= clientWidth, 'a narrow window scrolls the picture and the tables, and not the page')
  })
