import t from 'tap'
import { person } from '../../fakes/entra-login.ts'
import { movedTo, publicUrl, startLoginReplicas } from '../../harness/login-app.ts'

const { app, second } = await startLoginReplicas(t, { who: person('Anna Ek', 'apps_acc') })
const stranger = await app.replica('0f'.repeat(32))
t.teardown(() => stranger.close())
const session = '__Host-mlflow-session'
const whoami = `${publicUrl}/-/whoami`

t.test('a login begins at one replica, comes back to another, and goes on at both', async (t) => {
  const first = app.browser()
  const { address } = await first.open(`${publicUrl}/-/login`, `${publicUrl}/-/login/callback`)
  const other = movedTo(second, first)
  t.equal((await other.send(address)).status, 303)
  for (const replica of [second, app, second])
    t.match(JSON.parse((await movedTo(replica, other).send(whoami)).text), { environment: 'acc' })
})

t.test('a login is renewed at one replica, and its older cookie goes on at the other until its token ends', async (t) => {
  const now = Math.floor(Date.now() / 1_000)
  app.entra.tricks.accessClaims = { iat: now - 3_500, nbf: now - 3_500, exp: now + 100 }
  const first = app.browser()
  const { address } = await first.open(`${publicUrl}/-/login`, `${publicUrl}/-/login/callback`)
  await first.send(address)
  app.entra.tricks.accessClaims = {}
  const old = first.jar(publicUrl).get(session)
  t.equal((await first.send(whoami)).status, 200)
  t.not(first.jar(publicUrl).get(session), old, 'renewed')
  const late = movedTo(second, first)
  late.jar(publicUrl).set(session, old ?? '')
  t.equal((await late.send(whoami)).status, 200, 'its refresh token was taken already, which is no reason to stop')
  t.match(second.logs(), /"problem":"Your login could not be renewed \(invalid_grant\)/)
  t.equal((await movedTo(second, first).send(whoami)).status, 200, 'the new cookie counts at both')
})

t.test('every replica’s audit says who it was and with which application', async (t) => {
  app.entra.tricks.accessClaims = { preferred_username: 'anna@example.com' }
  const first = app.browser()
  await first.open(`${publicUrl}/-/login`)
  app.entra.tricks.accessClaims = {}
  t.equal((await movedTo(second, first).send(`${publicUrl}/env/acc/-/whoami`)).status, 200)
  const lines = second.logs().split('\n')
  const line = lines.findLast((each) => each.includes('"endpoint":"whoami"')) ?? '{}'
  t.match(JSON.parse(line), { applicationId: app.entra.clientId, userName: 'anna@example.com' })
})

t.test('a logout ends the login at its replica; elsewhere the browser has no cookie any more', async (t) => {
  const first = app.browser()
  await first.open(`${publicUrl}/-/login`)
  await first.press(`${publicUrl}/-/logout`)
  t.equal((await movedTo(second, first).send(whoami)).status, 401)
})

t.test('a replica with another key takes neither a login under way nor a session', async (t) => {
  const first = app.browser()
  const { address } = await first.open(`${publicUrl}/-/login`, `${publicUrl}/-/login/callback`)
  t.match(await movedTo(stranger, first).send(address), { status: 400, text: /not one of this server/ })
  await first.send(address)
  t.match(await movedTo(stranger, first).send(whoami), { status: 401, text: /its key has changed since/ })
})
