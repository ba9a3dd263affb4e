import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { startIssuer } from '../fakes/issuer.ts'
import { listen } from '../harness/listen.ts'
import { type MlflowServer, startMlflow } from '../harness/mlflow-server.ts'
import { startProxy } from '../harness/proxy.ts'
import { previousMlflow } from '../scenarios/client-versions.ts'
import { runPythonClient } from '../scenarios/python-client.ts'

t.setTimeout(20 * 60_000)
const issuer = await startIssuer()
t.teardown(() => issuer.close())
const token = await issuer.token()

/** Takes parts as presigned URLs of a store do, and keeps them below a folder. */
async function startPartsServer(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'parts-'))
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const file = join(folder, request.url ?? '')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, Buffer.concat(pieces))
    response.setHeader('etag', '"part"').end()
  })
  const port = await listen(server)
  t.teardown(() => {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { folder, url: `http://127.0.0.1:${port}` }
}

/** A server whose store takes parts, by the plugin in test/support/parts-store. */
async function startWithParts(t: Test, version: string): Promise<{ mlflow: MlflowServer; uploads: () => string[] }> {
  const parts = await startPartsServer(t)
  const plugin = fileURLToPath(new URL('../fakes/parts-store/', import.meta.url))
  const env = { PYTHONPATH: plugin, PYTHONDONTWRITEBYTECODE: '1', PARTS_FOLDER: parts.folder, PARTS_URL: parts.url }
  const mlflow = await startMlflow({ version, env, artifactScheme: 'parts' })
  t.teardown(() => mlflow.close())
  return { mlflow, uploads: () => readdirSync(parts.folder) }
}

async function proxyOf(t: Test, { url }: MlflowServer) {
  const proxy = await startProxy({ upstream: url, issuer, environments: { acc: {} } })
  t.teardown(() => proxy.close())
  return proxy
}

/** A client that sends in parts all that is larger than a few bytes. */
async function send(t: Test, version: string, uri: string): Promise<void> {
  const env = {
    MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: 'true',
    MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD: 'true',
    MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: '1000',
    MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: '40000',
  }
  const run = await runPythonClient({ version, script: 'upload_in_parts.py', uri, token, env })
  t.ok(run.completed, 'the program came to its end', run.completed ? {} : { output: run.output.slice(-3000) })
  for (const { name, state, note } of run.assertions) t.equal(state, 'passed', `${name} ${note}`)
}

async function post(url: string, path: string, body: object) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: answer.status, body: await answer.json() }
}

/** From its place on a Windows disk, step by step. */
async function sendFromWindows(t: Test, url: string, path: string, upload: string): Promise<void> {
  const { body: made } = await post(url, '/api/2.0/mlflow/runs/create', { experiment_id: '0', start_time: 1 })
  const place = `0/${made.run.info.run_id}/artifacts/model`
  const step = (name: string, more: object) => post(url, `/api/2.0/mlflow-artifacts/mpu/${name}/${place}`, { path, ...more })
  const create = async () => (await step('create', { num_parts: 1 })).body
  const { upload_id, credentials } = await create()
  await fetch(credentials[0].url, { method: 'PUT', body: upload })
  t.equal((await step('complete', { upload_id, parts: [{ part_number: 1, etag: 'x' }] })).status, 200, path)
  const headers = { authorization: `Bearer ${token}` }
  const stored = await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/${place}/model.pkl`, { headers })
  t.equal(await stored.text(), upload, 'under the name of the file alone')
  const other = await create()
  t.equal((await step('abort', { upload_id: other.upload_id })).status, 200, `${path}: given up`)
}

const clients = ['2.9.2', '2.22.4', previousMlflow, newestMlflow]

async function testWithParts(t: Test, version: string): Promise<void> {
  const { mlflow, uploads } = await startWithParts(t, version)
  const { url } = await proxyOf(t, mlflow)
  for (const client of clients) {
    const before = uploads().length
    await t.test(`client ${client}`, (t) => send(t, client, url))
    // Clients of 2.9 leave out the run: MLflow stores what they send where nobody looks for it. Here they send it as one.
    t.equal(uploads().length > before, client !== '2.9.2', `client ${client}: whether it was sent in parts`)
  }
  await sendFromWindows(t, url, 'C:\\Users\\me\\model.pkl', 'of a drive')
  await sendFromWindows(t, url, '\\\\server\\share\\x\\model.pkl', 'of a share')
  await sendFromWindows(t, url, '..\\..\\model.pkl', 'of a folder above')
  t.equal(uploads().filter((name) => name.startsWith('aborted-')).length, 3, 'those given up, and no other')
}

async function testWithoutParts(t: Test): Promise<void> {
  const mlflow = await startMlflow({ version: newestMlflow })
  t.teardown(() => mlflow.close())
  const { url } = await proxyOf(t, mlflow)
  for (const client of clients) await t.test(`client ${client}`, (t) => send(t, client, url))
}

// Everyday: the names (policy/uploaded-file.test.ts), and the refusal that makes clients send files as one (server/streaming.test.ts).
for (const version of ['2.22.4', newestMlflow]) {
  await t.test(`MLflow ${version} with a store that takes parts`, (t) => testWithParts(t, version))
}
await t.test('a store without parts: files are sent as one', testWithoutParts)
