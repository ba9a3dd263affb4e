import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { person } from '../../fakes/entra-login.ts'
import type { InProcess } from '../../harness/app.ts'
import { movedTo, publicUrl, startLoginReplicas } from '../../harness/login-app.ts'
import { caFile, password } from '../../harness/redis.ts'
import { startRedisCluster, startRedisSentinel } from '../../harness/redis-groups.ts'

const whoami = `${publicUrl}/-/whoami`
// Servers take seconds to agree on a new primary, and longer on a busy machine.
t.setTimeout(180_000)

for (const [kind, startGroup] of Object.entries({ cluster: startRedisCluster, sentinel: startRedisSentinel })) {
  t.test(`logins are kept by a ${kind}, and go on when a server is gone`, async (t) => {
    const redis = await startGroup()
    t.teardown(() => redis.close())
    const files = { password, 'sentinel-password': 'of the sentinel' }
    const login = { redis: { ...redis.settings, passwordFile: 'password' } }
    const options = { who: person('Anna Ek', 'apps_acc'), login, files, more: { tls: { caFile } } }
    const { app, second } = await startLoginReplicas(t, options)
    const browsers = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const browser = app.browser()
        t.equal((await browser.open(`${publicUrl}/-/login`)).status, 200)
        return browser
      }),
    )
    for (const size of await redis.sizes()) t.ok(size > 0, 'every server that takes changes has some of them')
    const statuses = async (replica: InProcess) => {
      const answers = browsers.map((browser) => movedTo(replica, browser).send(whoami))
      return (await Promise.all(answers)).map(({ status }) => status)
    }
    const all = browsers.map(() => 200)
    t.same(await statuses(second), all)
    const [leaving] = browsers
    const copy = new Map(leaving?.jar(publicUrl))
    const code = /code=([\w.-]+)/.exec((await leaving?.press(`${publicUrl}/-/code/once`))?.text ?? '')?.[1] ?? ''
    const take = () => fetch(`${second.url}/-/token`, { method: 'POST', body: new URLSearchParams({ code }) })
    t.same([(await take()).status, (await take()).status], [200, 401], 'a code is good once')
    await leaving?.press(`${publicUrl}/-/logout`)
    for (const [name, value] of copy) leaving?.jar(publicUrl).set(name, value)
    const left = [401, ...all.slice(1)]
    t.same(await statuses(second), left, 'a logout counts at every replica')
    await redis.killPrimary()
    const end = Date.now() + 30_000
    for (const replica of [app, second])
      while (JSON.stringify(await statuses(replica)) !== JSON.stringify(left)) {
        if (Date.now() > end)
          throw new Error(`after the failure of a server: ${await statuses(replica)}\n${replica.logs().slice(-3_000)}`)
        await sleep(200)
      }
    const late = app.browser()
    await late.open(`${publicUrl}/-/login`)
    t.equal((await late.send(whoami)).status, 200, 'and people log in')
    t.notMatch(app.logs() + second.logs(), password)
  })
}
