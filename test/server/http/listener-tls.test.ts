import { once } from 'node:events'
import { copyFileSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { describeConfig } from '../../../src/server/config/config-summary.ts'
import { clientTimeouts } from '../../../src/server/http/http-server.ts'
import { ListenerCertificate } from '../../../src/server/http/listener-certificate.ts'
import { openServer } from '../../../src/server/http/open-server.ts'
import { startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { linesOf, load, small, write } from '../../fixtures/config-file.ts'
import { listen } from '../../harness/listen.ts'
import { freePort } from '../../harness/program.ts'
import { startProxyProcess } from '../../harness/proxy-process.ts'

const certificate = (name: string) => fileURLToPath(new URL(`../../fixtures/certificates/${name}`, import.meta.url))
const files = { certificateFile: certificate('server.pem'), keyFile: certificate('server.key') }
const ca = readFileSync(certificate('ca.pem'))

interface Asked {
  readonly path: string
  readonly token?: string
  readonly body?: string
  readonly agent?: Agent
}

/** Asks over TLS. */
async function ask(port: number, { path, token, body, agent }: Asked) {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { expect: '100-continue', 'content-type': 'application/json' }),
  }
  const sent = request({
    port,
    path,
    ca,
    servername: 'localhost',
    headers,
    method: body === undefined ? 'GET' : 'POST',
    ...(agent === undefined ? {} : { agent }),
  })
  if (body === undefined) sent.end()
  else sent.once('continue', () => sent.end(body)).flushHeaders()
  const [response]: IncomingMessage[] = await once(sent, 'response')
  if (response === undefined) throw new Error('no answer')
  return { status: response.statusCode, body: JSON.parse(await text(response)) }
}

t.test('the proxy serves https with its certificate, from the first request to the end on SIGTERM', async (t) => {
  const [issuer, upstream] = await Promise.all([startIssuer(), startFakeUpstream()])
  t.teardown(() => Promise.all([issuer.close(), upstream.close()]))
  const port = await freePort()
  const settings = { listen: { port, tls: files } }
  const proxy = await startProxyProcess({ upstream: upstream.url, issuer, settings, ports: { listen: port } })
  t.teardown(() => proxy.close())
  const token = await issuer.token({ roles: ['apps_acc'] })
  const agent = new Agent({ keepAlive: true, ca })
  t.match(await ask(port, { path: '/-/whoami', token, agent }), { status: 200, body: { environment: 'acc' } })
  t.equal((await ask(port, { path: '/-/whoami' })).status, 401)
  const filter = JSON.stringify({ max_results: 5 })
  const found = await ask(port, { path: '/api/2.0/mlflow/experiments/search', token, body: filter })
  t.equal(found.status, 200, JSON.stringify(found.body))
  const plain = await fetch(`http://127.0.0.1:${port}/-/whoami`).catch((error: Error) => error)
  t.notOk(plain instanceof Response && plain.ok, 'nothing is served without TLS')
  const broken = connect({ port, ca, servername: 'localhost' })
  await once(broken, 'secureConnect')
  broken.write('no http\r\n\r\n')
  t.match(await text(broken), /^HTTP\/1\.1 400 /)
  // An idle connection does not hold up the end.
  proxy.signal('SIGTERM')
  t.equal(await proxy.ended, 0)
  agent.destroy()
})

t.test(
  'files that change are read again: new connections see the new certificate, and what cannot be used is logged once',
  async (t) => {
    const folder = t.testdir({})
    const own = { certificateFile: `${folder}/tls.crt`, keyFile: `${folder}/tls.key`, minVersion: 'TLSv1.3' } as const
    copyFileSync(files.certificateFile, own.certificateFile)
    copyFileSync(files.keyFile, own.keyFile)
    const said: string[] = []
    const log = {
      info: (_: object, message: string) => said.push(message),
      error: (_: object, message: string) => said.push(message),
    }
    const listener = new ListenerCertificate(own, log)
    const server = openServer(clientTimeouts, listener)
    const port = await listen(server)
    t.teardown(() => {
      listener.close()
      server.closeAllConnections()
      server.close()
    })
    const seen = async (options: object = {}) => {
      const socket = connect({ port, rejectUnauthorized: false, ...options })
      await once(socket, 'secureConnect')
      const names = socket.getPeerCertificate().subjectaltname
      socket.destroy()
      return names
    }
    t.match(await seen(), 'DNS:localhost')
    await t.rejects(seen({ maxVersion: 'TLSv1.2' }), 'minVersion is kept')
    listener.look()
    t.strictSame(said, [], 'nothing has changed')
    copyFileSync(certificate('client.pem'), own.certificateFile)
    listener.look()
    listener.look()
    t.strictSame(said, ['the certificate of the listener could not be renewed'])
    t.match(await seen(), 'DNS:localhost')
    copyFileSync(certificate('other-name.pem'), own.certificateFile)
    listener.look()
    t.match(said, ['the certificate of the listener could not be renewed', 'the certificate of the listener was renewed'])
    t.equal(await seen(), 'DNS:other.internal.test')
  },
)

t.test('the configuration names both files, and check says https', async (t) => {
  for (const name of ['server.pem', 'server.key', 'expired.pem']) write(name, readFileSync(certificate(name)))
  const content = (tls: string) => `${small}listen: { host: 0.0.0.0, tls: ${tls} }\n`
  const good = '{ certificateFile: server.pem, keyFile: server.key }'
  const config = load(content(good))
  t.match(config.listen.tls, { certificateFile: /^\/.*server\.pem$/, minVersion: 'TLSv1.2' })
  const summary = describeConfig(config)
  t.match(summary, 'https://0.0.0.0:5000 (MLFLOW_TRACKING_URI)')
  t.notMatch(summary, 'plain HTTP')
  t.match(describeConfig(load(`${small}listen: { host: 0.0.0.0 }\n`)), /plain HTTP: write listen\.tls/)
  t.match(linesOf(content(good.replace('server.pem', 'expired.pem'))), [/listen\.tls: the certificate in .* has expired on 2021/])
  t.match(linesOf(content('{ certificateFile: server.pem }')), [/listen\.tls\.keyFile/])
  t.match(linesOf(content(`${good}, socket: /tmp/s`)), [/listen\.tls: is not for a Unix socket/])
})
