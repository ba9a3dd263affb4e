import t from 'tap'
import { person } from '../../fakes/entra-login.ts'
import { publicUrl, startLoginApp } from '../../harness/login-app.ts'

const app = await startLoginApp({ who: person('Anna Ek', 'apps_acc') })
t.teardown(() => app.close())
const webhooks = `${publicUrl}/ajax-api/2.0/mlflow/webhooks`

t.test('what the proxy closes is explained to the bar of a person who is logged in, and to nobody else', async (t) => {
  const browser = app.browser()
  t.notOk((await browser.send(webhooks)).headers['server-timing'])
  await browser.open(`${publicUrl}/-/login`)
  const { status, headers, text } = await browser.send(webhooks)
  t.equal(status, 403)
  t.equal(headers['server-timing'], `closed;desc=${JSON.stringify(JSON.parse(text).message)}`)
  t.match(text, /A webhook of MLflow names no model/)
  const other = await browser.send(`${publicUrl}/ajax-api/2.0/mlflow/runs/get?run_id=x`)
  t.notOk(other.headers['server-timing'], 'no other refusal')
  const page = await browser.open(`${publicUrl}/`)
  t.match(page.text, /serverTiming/)
})
