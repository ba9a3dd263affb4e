import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { serveTokens } from '../../fakes/token-endpoints.ts'
import { startProxyProcess } from '../../harness/proxy-process.ts'

const issuer = await startIssuer()
serveTokens(issuer, [{ clientId: 'training', secret: 'hunter2', roles: ['apps_acc'] }])
const upstream = await startFakeUpstream()
// Not tap's: the path of a socket is short.
const folder = mkdtempSync(join(tmpdir(), 'socket-'))
writeFileSync(`${folder}/secret`, 'hunter2')
writeFileSync(`${folder}/file`, 'precious')
t.teardown(async () => {
  await Promise.all([issuer.close(), upstream.close()])
  rmSync(folder, { recursive: true })
})

async function start(t: Test, socket: string, more: object = {}) {
  const { tenantId, audience, authority } = issuer
  const identity = { mode: 'servicePrincipal', clientId: 'training', clientSecretFile: `${folder}/secret` }
  const authentication = { mode: 'sidecar', identity, entra: { tenantId, audiences: [audience], authority } }
  const proxy = await startProxyProcess({
    upstream: upstream.url,
    issuer,
    settings: { listen: { socket }, authentication },
    ...more,
  })
  t.teardown(() => proxy.close())
  return proxy
}

async function ask(socketPath: string, headers: Record<string, string> = {}) {
  const [response]: IncomingMessage[] = await once(request({ socketPath, path: '/-/whoami', headers }).end(), 'response')
  if (response === undefined) throw new Error('no answer')
  return { status: response.statusCode, body: JSON.parse(await text(response)) }
}

t.test('a sidecar on a Unix socket: its user and group are who the process is, and nobody else', async (t) => {
  const socket = `${folder}/s`
  const killed = await start(t, socket)
  t.equal(statSync(socket).mode & 0o777, 0o660)
  for (const headers of [{}, { host: 'mlflow' }, { authorization: 'Bearer stale' }])
    t.match(await ask(socket, headers), { status: 200, body: { environment: 'acc', groups: ['apps_acc'] } })
  const forwarded = await ask(socket, { 'x-forwarded-for': '10.0.0.7' })
  t.match(forwarded, { status: 401, body: { message: /passed on by another program/ } })
  t.match(killed.out(), new RegExp(`"listen":"${socket}"`))

  const second = await start(t, socket, { wait: false })
  t.equal(await second.ended, 1)
  t.match(second.err(), `cannot listen on ${socket} (listen): there is something else; stop the program`)
  t.equal((await ask(socket)).status, 200, 'the first one goes on')

  await killed.close()
  t.ok(statSync(socket).isSocket(), 'it is left behind')
  const next = await start(t, socket)
  t.equal((await ask(socket)).status, 200)
  next.signal('SIGTERM')
  t.equal(await next.ended, 0)
  t.throws(() => statSync(socket), { code: 'ENOENT' })
})

t.test('a path that cannot be a socket', async (t) => {
  for (const [socket, said] of [
    [`${folder}/none/s`, 'the folder does not exist, or this user may not write to it; create it'],
    [`${folder}/file`, 'there is something else'],
    ['relative/s', 'is not an absolute path of at most 100 characters'],
  ] as const) {
    const proxy = await start(t, socket, { wait: false })
    t.equal(await proxy.ended, 1)
    t.match(proxy.err(), said)
  }
  t.equal(statSync(`${folder}/file`).size, 'precious'.length)
})
