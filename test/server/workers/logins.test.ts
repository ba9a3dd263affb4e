import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { person, startEntraLogin } from '../../fakes/entra-login.ts'
import { logOutAtIssuer } from '../../fakes/entra-logout.ts'
import { reply, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { BrowserClient } from '../../harness/browser-client.ts'
import { publicUrl } from '../../harness/login-app.ts'
import { startProxyProcess } from '../../harness/proxy-process.ts'
import { childrenOf } from '../../harness/worker-processes.ts'

const upstream = await startFakeUpstream()
upstream.answer = reply(200, '<html><body></body></html>', { 'content-type': 'text/html' })
const entra = await startEntraLogin({ publicUrl, people: [] })
entra.who = person('Anna Ek', 'apps_acc')
const { tenantId, audience, authority, clientId } = entra
const clientSecretFile = join(t.testdir({}), 'secret')
writeFileSync(clientSecretFile, entra.clientSecret)
const login = { publicUrl, clientId, clientSecretFile }
const settings = { workers: 2, authentication: { entra: { tenantId, audiences: [audience], authority }, login } }
const proxy = await startProxyProcess({ upstream: upstream.url, issuer: entra, settings })
entra.proxyAt = proxy.url
t.teardown(async () => {
  await proxy.close()
  await Promise.all([upstream.close(), entra.close()])
})

async function logIn() {
  const browser = new BrowserClient({ [publicUrl]: proxy.url })
  t.equal((await browser.open(`${publicUrl}/-/login`)).status, 200)
  return browser
}

/** What several connections hear, which are spread over the workers, of a copy of a browser's cookies. */
async function statuses(of: BrowserClient): Promise<number[]> {
  const cookies = [...of.jar(publicUrl)]
  const all: number[] = []
  for (let count = 0; count < 8; count++) {
    const browser = new BrowserClient({ [publicUrl]: proxy.url })
    for (const [name, value] of cookies) browser.jar(publicUrl).set(name, value)
    all.push((await browser.send(`${publicUrl}/-/whoami`)).status)
  }
  return [...new Set(all)]
}

t.test('who logs out at the issuer has logged out at every worker, also at one that begins later', async (t) => {
  const [browser, elsewhere] = [await logIn(), await logIn()]
  t.same(await statuses(browser), [200])
  await logOutAtIssuer(entra, browser)
  t.equal(entra.told.length, 1)
  t.same(await statuses(browser), [401])
  t.same(await statuses(elsewhere), [200])
  const again = await Promise.all(
    Array.from({ length: 8 }, () => {
      const body = new URLSearchParams({ logout_token: entra.told[0] ?? '' })
      return fetch(`${proxy.url}/-/logout/back-channel`, { method: 'POST', body, headers: { connection: 'close' } })
    }),
  )
  t.same([...new Set(again.map(({ status }) => status))], [400], 'what was said once counts once, at whichever worker')
  const [victim = 0] = childrenOf(proxy.pid)
  process.kill(victim, 'SIGKILL')
  while (childrenOf(proxy.pid).length < 2 || childrenOf(proxy.pid).includes(victim))
    await new Promise((resolve) => setTimeout(resolve, 20))
  while (!(await (await fetch(`${proxy.adminUrl}/readyz`)).text()).includes('"ready"'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  t.same(await statuses(browser), [401])
  t.same(await statuses(elsewhere), [200])
})
