import t from 'tap'
import { person } from '../fakes/entra-login.ts'
import { look, startBrowser, type Viewer } from './browser.ts'
import { startLoginSetup } from './login-setup.ts'

const promotions = [{ from: 'acc', to: 'preprod', approvers: ['ml_approvers'], requiredTags: ['reviewed'] }]
const setup = await startLoginSetup({ others: [person('Cia Falk', 'apps_preprod', 'ml_approvers')], promotions })
const browser = await startBrowser()
t.teardown(async () => {
  await browser.close()
  await setup.close()
})
const { url } = setup.proxy

async function logIn({ page }: Viewer, name: string, path: string): Promise<void> {
  await page.goto(`${url}${path}`)
  await page.getByRole('link', { name: 'Log in with Microsoft' }).click()
  await page.getByText(name).click()
}

for (const scheme of ['light', 'dark'] as const) {
  t.test(`two people promote a version in the browser (${scheme})`, async (t) => {
    const version = scheme === 'light' ? '1' : '2'
    const [anna, cia] = await Promise.all([look(browser, url, null, scheme), look(browser, url, null, scheme)])
    t.teardown(() => Promise.all([anna.close(), cia.close()]))
    const { page } = anna
    await logIn(anna, 'Anna Ek', `/#/models/fraud/versions/${version}`)
    await page.locator('#env-proxy-bar summary').click()
    await anna.picture(`promote-menu-${scheme}`)
    await page.locator('#env-proxy-bar').getByRole('link', { name: 'Promote a version' }).click()
    await page.getByText('From acc to preprod').waitFor()
    t.equal(await page.getByLabel('Model').inputValue(), 'fraud', 'the model of the page')
    t.equal(await page.getByLabel('Version').inputValue(), version)
    await anna.picture(`promote-choices-${scheme}`)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText("it has no tag 'reviewed'").waitFor()
    await anna.picture(`promote-unmet-${scheme}`)
    t.equal(await page.getByRole('button', { name: 'Ask' }).count(), 0, 'nothing is offered that would be refused')
    const tag = { name: 'fraud', version, key: 'reviewed', value: 'yes' }
    await page.request.post(`${url}/api/2.0/mlflow/model-versions/set-tag`, { data: tag, headers: { origin: url } })
    await page.reload()
    await page.getByRole('button', { name: 'Ask for approval' }).click()
    await page.getByText('Waits for approval.').waitFor()
    await page.getByText('Asked for by Anna Ek').waitFor()
    await anna.picture(`promote-asked-${scheme}`)
    t.equal(await page.getByRole('button', { name: 'Approve' }).count(), 0)

    const { pathname, search } = new URL(page.url())
    await logIn(cia, 'Cia Falk', `${pathname}${search}`)
    await cia.page.getByText('Waits for approval.').waitFor()
    await cia.picture(`promote-approve-${scheme}`)
    await cia.page.getByRole('button', { name: 'Approve' }).click()
    await cia.page.getByText('Promoted.').waitFor()
    await cia.picture(`promote-promoted-${scheme}`)
    await cia.page.goto(`${url}/#/models/fraud`)
    await cia.page.getByText('Version 1').first().waitFor()
    for (const { complaints, strayed } of [anna, cia]) {
      t.strictSame(complaints, [])
      t.strictSame(
        strayed.filter((address) => !address.startsWith(setup.entra.authority)),
        [],
      )
    }
  })
}
