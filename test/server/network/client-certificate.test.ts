import { copyFileSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { checkKeyPair } from '../../../src/server/config/key-pair.ts'
import { Probe } from '../../../src/server/doctor/probe.ts'
import { Upstream } from '../../../src/server/upstream/upstream.ts'
import { base, linesOf, load, write } from '../../fixtures/config-file.ts'
import { listen } from '../../harness/listen.ts'

const certificate = (name: string) => fileURLToPath(new URL(`../../fixtures/certificates/${name}`, import.meta.url))
const outbound = { httpProxy: null, httpsProxy: null, noProxy: [], caFile: certificate('ca.pem') }
const credentials = { mode: 'none' } as const

/** A server that answers with the names in the certificate of whoever asks. Each answer ends its connection. */
const options = { key: readFileSync(certificate('server.key')), cert: readFileSync(certificate('server.pem')) }
const server = createServer({ ...options, requestCert: true, rejectUnauthorized: false }, ({ socket }, response) => {
  const peer = socket instanceof TLSSocket ? socket.getPeerCertificate() : {}
  response.setHeader('connection', 'close')
  response.end(JSON.stringify({ names: ('subjectaltname' in peer && peer.subjectaltname) || null }))
})
const url = `https://localhost:${await listen(server)}`
t.teardown(() => server.close())

t.test('the upstream is shown the certificate that the files hold, and nobody else is', async (t) => {
  const folder = t.testdir({})
  const files = { certificateFile: `${folder}/tls.crt`, keyFile: `${folder}/tls.key` }
  copyFileSync(certificate('server.key'), files.keyFile)
  const put = (name: string, seconds: number) => {
    copyFileSync(certificate(name), files.certificateFile)
    utimesSync(files.certificateFile, seconds, seconds)
  }
  put('other-name.pem', 1)
  const settings = { url, kind: 'mlflow', credentials, outbound } as const
  const asked = async (upstream: Upstream) => (await upstream.lookUp('/version', {}, { authorization: null })).text
  const open = new Upstream({ ...settings, clientCertificate: files })
  const bare = new Upstream(settings)
  const probe = new Probe({ ...settings, clientCertificate: files })
  t.teardown(() => Promise.all([open.close(), bare.close(), probe.close()]))
  t.match(await asked(open), 'DNS:other.internal.test')
  t.match(await asked(bare), 'null')
  t.match((await probe.get('/version', {}, null)).text, 'DNS:other.internal.test')
  put('server.pem', 2)
  t.match(await asked(open), 'DNS:mlflow.internal.test')
  writeFileSync(files.certificateFile, 'half of it')
  t.match(await asked(open), 'DNS:mlflow.internal.test', 'while it is being replaced, the one before counts')
})

t.test('check refuses a pair that cannot be used', async (t) => {
  const said = (name: string, key = certificate('server.key')) =>
    checkKeyPair({ certificateFile: certificate(name), keyFile: key }, Date.now())
  t.equal(said('server.pem'), null)
  t.match(said('expired.pem'), /expired on 2021-01-01; write a current one/)
  t.match(said('client.pem'), /private key of another certificate/)
  t.match(said('secret.txt'), /has no certificate that can be read/)
  t.match(said('server.pem', certificate('ca.pem')), /has no private key without a passphrase/)
  t.match(said('absent.pem'), /does not exist/)
})

t.test('the configuration has its files beside it, and only for https', async (t) => {
  for (const name of ['server.pem', 'server.key']) write(name, readFileSync(certificate(name)))
  const certificates = 'clientCertificate: { certificateFile: server.pem, keyFile: server.key }'
  const content = `${base}environments: [acc]\n`.replace('http://127.0.0.1:5001', `https://mlflow.example.com, ${certificates}`)
  t.match(load(content).upstream, {
    clientCertificate: { certificateFile: /^\/.*\/server\.pem$/, keyFile: /^\/.*\/server\.key$/ },
  })
  t.match(linesOf(content.replace('https', 'http')), [/upstream\.clientCertificate: is only for an upstream with https/])
  t.match(linesOf(content.replace('server.key', 'none.key')), [
    /upstream\.clientCertificate: the file .*none\.key does not exist/,
  ])
})
