import { createHash, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import type { ArtifactPlace } from '../../../src/policy/locations/artifact-place.ts'
import { JsonNumber, type JsonObject } from '../../../src/policy/messages/json/json.ts'
import { Refusal } from '../../../src/policy/reasons.ts'
import { AzureStorage, DatabricksArtifactStore } from '../../../src/server/databricks/storage/databricks-store.ts'
import { SignedUrl } from '../../../src/server/databricks/storage/signed-url.ts'
import { CallFailed, type StorageCall } from '../../../src/server/databricks/storage/storage-call.ts'
import { UploadBody } from '../../../src/server/pipeline/streams/upload-body.ts'
import { type ScriptedStorage, startScriptedStorage } from '../../fakes/scripted-storage.ts'
import { startAdls } from '../../fakes/workspace/adls.ts'
import { startAzurite } from '../../fakes/workspace/azurite.ts'
import type { Storage } from '../../fakes/workspace/storage.ts'
import { type ArtifactCalls, startArtifactCalls } from '../../fixtures/artifact-calls.ts'
import { listen } from '../../harness/listen.ts'

const KiB = 1024
const MiB = 1024 * KiB
const runId = '0123456789abcdef0123456789abcdef'
const modelId = `m-${runId}`
const run: ArtifactPlace = { kind: 'run', experimentId: '7', runId }
const model: ArtifactPlace = { kind: 'loggedModel', experimentId: '7', modelId }
const version: ArtifactPlace = { kind: 'version', name: 'fraud_acc', version: '3' }
const dbfs: ArtifactPlace = { kind: 'dbfs' }
/** Small parts, so that small bodies have many. */
const limits = { partBytes: 64 * KiB, parallel: 4, sharedParts: 8, ownBytes: 16 * KiB }

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A body in pieces whose size has nothing to do with that of parts. */
function bodyOf(bytes: Buffer, piece = 10_007): Readable {
  const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, at) => bytes.subarray(at * piece, (at + 1) * piece))
  return Readable.from(pieces, { objectMode: false })
}

const hostOf = (storage: Storage) => new URL(storage.sign('x', 'read', 60)).host

interface Bench {
  readonly store: DatabricksArtifactStore
  readonly calls: ArtifactCalls
  readonly storage: Storage
}

function benchOf(test: Test, storage: Storage, options = limits): Bench {
  const azure = new AzureStorage([hostOf(storage)], options)
  test.teardown(() => azure.close())
  const calls = startArtifactCalls(storage)
  return { store: new DatabricksArtifactStore(calls.call, azure), calls, storage }
}

async function scripted(
  test: Test,
  type: Storage['credentialType'] = 'AZURE_SAS_URI',
): Promise<Bench & { script: ScriptedStorage }> {
  const script = await startScriptedStorage(type)
  test.teardown(() => script.storage.close())
  return { ...benchOf(test, script.storage), script }
}

/** What a promise fails with; the test fails when it does not. */
async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  return 'it succeeded'
}

const reasonOf = async (promise: Promise<unknown>) => {
  const error = await failureOf(promise)
  return error instanceof Refusal ? error.reason : error
}

const credentialCalls = (calls: ArtifactCalls) => calls.log.filter(({ endpoint }) => endpoint.includes('credentials-for'))

const azurite = await startAzurite()
const lake = await startAdls()
t.teardown(() => Promise.all([azurite.close(), lake.close()]))
const stores = [
  { name: 'blob storage', storage: azurite },
  { name: 'data lake storage', storage: lake },
]

t.test('What is uploaded comes back byte for byte, whatever its size and however it was announced', async (t) => {
  for (const { name, storage } of stores) {
    const { store } = benchOf(t, storage)
    const { partBytes, ownBytes } = limits
    for (const size of [0, 1, ownBytes - 1, ownBytes, ownBytes + 1, partBytes, partBytes + 1, 11 * partBytes + 5]) {
      for (const announced of [true, false]) {
        for (const place of [run, model]) {
          const bytes = randomBytes(size)
          await store.upload(place, `sizes/${size}.bin`, bodyOf(bytes), announced ? size : null)
          const { stream, length } = await store.download(place, `sizes/${size}.bin`)
          const back = await readAll(stream)
          t.equal(sha(back), sha(bytes), `${name}, ${place.kind}, ${size} bytes, ${announced ? 'with' : 'without'} a length`)
          t.equal(length, size)
        }
      }
    }
  }
})

t.test('Many uploads at once share the memory for parts, and all arrive', async (t) => {
  const { store, storage } = benchOf(t, azurite, { ...limits, sharedParts: 3 })
  const files = Array.from({ length: 12 }, (_, index) => ({ path: `many/${index}`, bytes: randomBytes(300_000 + index) }))
  await Promise.all(files.map(({ path, bytes }) => store.upload(run, path, bodyOf(bytes), bytes.length)))
  for (const { path, bytes } of files) {
    t.equal(sha((await storage.read(`runs/${runId}/${path}`)) ?? Buffer.of()), sha(bytes))
  }
})

t.test('Uploads that storage holds up take no more memory together than may be', async (t) => {
  const script = await startScriptedStorage('AZURE_SAS_URI')
  t.teardown(() => script.storage.close())
  const { store } = benchOf(t, script.storage, { ...limits, sharedParts: 3 })
  const held: (() => void)[] = []
  script.answer = (_request, response) => void held.push(() => response.writeHead(201).end())
  const bytes = randomBytes(5 * limits.partBytes)
  const uploads = Array.from({ length: 6 }, () => store.upload(run, 'held', bodyOf(bytes), bytes.length))
  await until(() => held.length >= 8)
  await sleep(100)
  const sizes = script.received.map(({ body }) => body.length)
  t.ok(sizes.filter((size) => size === limits.partBytes).length <= 3, `${sizes} are under way`)
  t.ok(sizes.length <= 9, 'besides the shared parts each upload has one small part of its own')
  script.answer = (_request, response) => response.writeHead(201).end()
  for (const release of held) release()
  await Promise.all(uploads)
})

t.test('Names with spaces, signs and letters of all kinds reach storage as they are', async (t) => {
  const names = [
    'a b.txt',
    '50% off',
    'c++',
    'x#y',
    'q?w=1&e',
    "it's; (ok)",
    'naïve/模型/ж.bin',
    '👍',
    'a=b,c@d$',
    '~tilde~',
    '..data',
    '..2026/x..',
    '...',
    'dir../f',
    '.hidden',
    'x~41',
  ]
  for (const { name, storage } of stores) {
    const { store } = benchOf(t, storage)
    for (const file of names) {
      await store.upload(run, `names/${file}`, bodyOf(Buffer.from(file)), null)
      t.equal((await storage.read(`runs/${runId}/names/${file}`))?.toString(), file, `${name}: ${JSON.stringify(file)} is stored`)
      t.equal((await readAll((await store.download(run, `names/${file}`)).stream)).toString(), file)
    }
    const listed = (await store.list(run, 'names')).map(({ path }) => path).sort()
    t.same(listed, [...new Set(names.map((file) => file.split('/')[0]))].sort(), `${name}: they are listed`)
  }
  const { store } = benchOf(t, azurite)
  for (const path of ['..', 'a/../b', 'a//b', '/a', 'a/', './a', 'a\\b', 'a\nb', '']) {
    t.equal(
      await reasonOf(store.upload(run, path, bodyOf(Buffer.of(1)), 1)),
      'invalid-parameter',
      `${JSON.stringify(path)} is no path`,
    )
  }
})

t.test('Folders are listed by name, over all pages, and a file has no rows', async (t) => {
  const { store, calls, storage } = benchOf(t, azurite)
  for (const root of [`runs/${runId}/listing`, `models/${modelId}/listing`, 'registry/fraud_acc/3/listing']) {
    for (const path of ['a.txt', 'b.txt', 'c/d.txt', 'e.txt', 'f.txt']) await storage.write(`${root}/${path}`, Buffer.from('xyz'))
  }
  const rows = [
    { path: 'a.txt', isDir: false, fileSize: 3 },
    { path: 'b.txt', isDir: false, fileSize: 3 },
    { path: 'c', isDir: true, fileSize: null },
    { path: 'e.txt', isDir: false, fileSize: 3 },
    { path: 'f.txt', isDir: false, fileSize: 3 },
  ]
  for (const place of [run, model, version]) {
    t.same(await store.list(place, 'listing'), rows, place.kind)
    t.same(await store.list(place, 'listing/a.txt'), [], `${place.kind}: a file`)
    t.same(await store.list(place, 'listing/nothing'), [], `${place.kind}: nothing`)
    t.ok(
      (await store.list(place, '')).some(({ path, isDir }) => path === 'listing' && isDir),
      `${place.kind}: the root`,
    )
  }
  for (const path of ['1', 'é/ü', 'a b']) calls.dbfs.set(`stuff/${path}`, Buffer.alloc(5))
  const onDbfs = [
    { path: '1', isDir: false, fileSize: 5 },
    { path: 'é', isDir: true, fileSize: null },
    { path: 'a b', isDir: false, fileSize: 5 },
  ]
  t.same(await store.list(dbfs, 'stuff'), onDbfs)
  t.same(await store.list(dbfs, 'stuff/1'), [])
  t.same(await store.list(dbfs, 'nothing'), [])
})

t.test('An answer of Databricks that fits no question is refused', async (t) => {
  const file = (path: string, size: JsonNumber | string | boolean = new JsonNumber('1')): JsonObject =>
    new Map<string, JsonNumber | string | boolean>([
      ['path', path],
      ['file_size', size],
    ])
  const storeWith = (status: number, json: JsonObject, azure = new AzureStorage()) => {
    t.teardown(() => azure.close())
    return new DatabricksArtifactStore(async () => ({ status, json }), azure)
  }
  for (const row of [
    file('other/x'),
    file('b/x'),
    file('a/b/c'),
    file('a/..'),
    file('a/'),
    file('ab'),
    file('a/x', '-1'),
    file('a/x', true),
  ]) {
    t.equal(await reasonOf(storeWith(200, new Map([['files', [row, row]]])).list(run, 'a')), 'unknown-answer', inspect(row))
  }
  const endless: JsonObject = new Map<string, string | JsonObject[]>([
    ['files', [file('a/x'), file('a/y')]],
    ['next_page_token', 'again'],
  ])
  t.equal(await reasonOf(storeWith(200, endless).list(run, 'a')), 'unknown-answer', 'pages without end')
  t.equal(await reasonOf(storeWith(200, new Map()).download(run, 'a')), 'unknown-answer', 'no credential')
  t.equal(await reasonOf(storeWith(503, new Map()).download(run, 'a')), 'upstream-unavailable')
  t.equal(await reasonOf(storeWith(404, new Map([['error_code', 'RESOURCE_DOES_NOT_EXIST']])).download(run, 'a')), 'not-found')
  const denied = await failureOf(storeWith(403, new Map([['error_code', 'PERMISSION_DENIED']])).download(run, 'a'))
  t.ok(denied instanceof CallFailed && denied.status === 403 && denied.json.get('error_code') === 'PERMISSION_DENIED')
})

t.test('A signature that has expired is fetched anew, once, also when many parts find out together', async (t) => {
  const bytes = randomBytes(12 * limits.partBytes)
  for (const { name, storage } of stores) {
    const { store, calls } = benchOf(t, storage)
    calls.lifetimes.splice(0, 1, -60, 3600)
    await store.upload(run, 'expired/once', bodyOf(bytes), bytes.length)
    t.equal(credentialCalls(calls).length, 2, `${name}: one more credential for the upload`)
    calls.lifetimes.splice(0, 1, -60, 3600)
    t.equal(sha(await readAll((await store.download(run, 'expired/once')).stream)), sha(bytes))
    t.equal(credentialCalls(calls).length, 4, `${name}: one more for the download`)
    calls.lifetimes.splice(0, 2, -60)
    t.equal(await reasonOf(store.upload(run, 'expired/ever', bodyOf(bytes), bytes.length)), 'unknown-answer')
    t.equal(await reasonOf(store.download(run, 'expired/once')), 'unknown-answer')
    t.equal(credentialCalls(calls).length, 8, `${name}: no third one`)
    t.equal(await storage.read(`runs/${runId}/expired/ever`), null, `${name}: nothing is stored`)
  }
})

t.test('A signature that expires in the middle costs one more credential, and no part', async (t) => {
  const { store, calls, script } = await scripted(t)
  let first: string | null = null
  script.answer = ({ url }, response) => {
    const signature = url.searchParams.get('sig')
    first ??= signature
    const expired = signature === first && script.received.length > 3
    response.writeHead(expired ? 403 : 201, { 'x-ms-error-code': 'AuthenticationFailed' }).end()
  }
  const bytes = randomBytes(10 * limits.partBytes)
  await store.upload(run, 'middle', bodyOf(bytes), bytes.length)
  t.equal(credentialCalls(calls).length, 2)
  const blocks = new Map(script.received.map(({ url, body }) => [url.searchParams.get('blockid') ?? '', body]))
  const list = /<Latest>.*<\/Latest>/s.exec(String(blocks.get('')))?.[0] ?? ''
  const committed = list.split('\n').map((line) => blocks.get(line.slice('<Latest>'.length, -'</Latest>'.length)) ?? Buffer.of())
  t.equal(sha(Buffer.concat(committed)), sha(bytes), 'the list has every block, in order')
  t.equal(new Set([...blocks.keys()].filter((id) => id !== '').map((id) => id.length)).size, 1, 'ids are equally long')
})

t.test('A body that is not as long as announced, or that breaks off, leaves what was there', async (t) => {
  const { store, storage } = benchOf(t, azurite)
  const before = Buffer.from('before')
  const path = `runs/${runId}/broken`
  await storage.write(path, before)
  const bytes = randomBytes(5 * limits.partBytes)
  t.equal(await reasonOf(store.upload(run, 'broken', bodyOf(bytes), bytes.length + 1)), 'malformed', 'too short')
  t.equal(await reasonOf(store.upload(run, 'broken', bodyOf(bytes), bytes.length - 1)), 'malformed', 'too long')
  for (const place of [run, dbfs]) {
    const broken = Readable.from(
      (async function* () {
        yield bytes
        throw new Error('the client went away')
      })(),
      { objectMode: false },
    )
    t.match(await failureOf(store.upload(place, 'broken', broken, null)), { message: 'the client went away' })
  }
  const gone = bodyOf(bytes).destroy()
  t.match(await failureOf(store.upload(run, 'broken', gone, bytes.length)), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  t.same(await storage.read(path), before)
})

/** A server that stores the bodies it gets, as the proxy's route does; gives what each upload came to. */
async function serve(test: Test, store: DatabricksArtifactStore): Promise<{ server: Server; port: number; outcomes: unknown[] }> {
  const outcomes: unknown[] = []
  const server = createServer((request, response) => {
    const { 'content-length': length } = request.headers
    const upload = new UploadBody(request, { idle: 10_000 })
    store
      .upload(run, 'served', upload.bytes(), length === undefined ? null : Number(length))
      .finally(() => upload.stop())
      .then(
        () => {
          outcomes.push('stored')
          response.end('stored')
        },
        (error: unknown) => {
          outcomes.push(error)
          response.writeHead(400).end('refused')
        },
      )
  })
  const port = await listen(server)
  test.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { server, port, outcomes }
}

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !holds(); await sleep(5)) if (Date.now() > end) throw new Error('it never happened')
}

t.test('A client that goes away in the middle commits nothing and leaves nothing under way', async (t) => {
  for (const head of ['content-length: 10000000', 'transfer-encoding: chunked']) {
    const { store, script } = await scripted(t)
    script.answer = () => undefined
    const { port, outcomes } = await serve(t, store)
    const client = connect(port, '127.0.0.1')
    client.write(`PUT / HTTP/1.1\r\nhost: x\r\n${head}\r\n\r\n`)
    const half = Buffer.alloc(3 * limits.partBytes)
    client.write(head.startsWith('transfer') ? Buffer.concat([Buffer.from('200000\r\n'), half]) : half)
    await until(() => script.received.length > 0)
    client.destroy()
    await until(() => outcomes.length > 0)
    t.ok(outcomes[0] instanceof Error, `${head}: the upload fails`)
    await sleep(50)
    t.notOk(
      script.received.some(({ url }) => url.searchParams.get('comp') === 'blocklist'),
      'no list of blocks is sent',
    )
  }
})

t.test('A client that sends all before it reads gets to the answer when storage refuses', async (t) => {
  const { store, script } = await scripted(t)
  const { port } = await serve(t, store)
  script.answer = (_request, response) => response.writeHead(409, { 'x-ms-error-code': 'BlobImmutableDueToPolicy' }).end()
  const client = connect(port, '127.0.0.1')
  const size = 40 * MiB
  client.write(`PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: ${size}\r\n\r\n`)
  await new Promise((resolve, reject) => client.on('error', reject).write(Buffer.alloc(size), resolve))
  const answer = await new Promise<Buffer>((resolve) => client.once('data', resolve))
  client.destroy()
  t.match(answer.toString(), /^HTTP\/1.1 400 /)
})

t.test('Parts are sent again when storage is busy, and given up when it stays so', async (t) => {
  const { store, script } = await scripted(t)
  const tries = new Map<string, number>()
  script.answer = ({ url, body }, response) => {
    const block = url.searchParams.get('blockid') ?? ''
    tries.set(block, (tries.get(block) ?? 0) + 1)
    if (tries.get(block) === 1) response.writeHead(503, { 'x-ms-error-code': 'ServerBusy' }).end()
    else response.writeHead(body.length === 0 ? 400 : 201).end()
  }
  const bytes = randomBytes(3 * limits.partBytes)
  await store.upload(run, 'busy', bodyOf(bytes), bytes.length)
  t.same([...tries.values()], [2, 2, 2, 2], 'three blocks and their list, twice each')
  const blocks = script.received.filter(({ url, body }) => url.searchParams.get('comp') === 'block' && body.length > 0)
  t.equal(new Set(blocks.map(({ body }) => sha(body))).size, 3, 'each time with the same bytes')
  script.answer = (_request, response) => response.writeHead(503).end()
  t.equal(await reasonOf(store.upload(run, 'busy', bodyOf(bytes), bytes.length)), 'upstream-unavailable')
})

t.test('Data Lake: a file that was only begun is removed, unless it is no longer the same', async (t) => {
  const { store, script } = await scripted(t, 'AZURE_ADLS_GEN2_SAS_URI')
  script.answer = ({ method, url }, response) => {
    if (method === 'PUT') response.writeHead(201, { etag: '"0x1"' }).end()
    else response.writeHead(url.searchParams.get('position') === '0' ? 202 : 409).end()
  }
  const bytes = randomBytes(3 * limits.partBytes)
  t.equal(await reasonOf(store.upload(run, 'begun', bodyOf(bytes), bytes.length)), 'unknown-answer')
  const last = script.received.at(-1)
  t.match({ method: last?.method, etag: last?.headers['if-match'] }, { method: 'DELETE', etag: '"0x1"' })
  t.notOk(script.received.some(({ url }) => url.searchParams.get('action') === 'flush'))
  script.received.length = 0
  const short = bodyOf(Buffer.alloc(10))
  t.equal(await reasonOf(store.upload(run, 'begun', short, 11)), 'malformed')
  t.same(script.received, [], 'and one that ends before its first part is never begun')
})

t.test('A file that storage breaks off is never taken for whole', async (t) => {
  const { store, script } = await scripted(t)
  const half = Buffer.alloc(500)
  const breaks: [string, Record<string, string>][] = [
    ['by its length', { 'content-length': '1000' }],
    ['by its length, on a connection that is to close', { 'content-length': '1000', connection: 'close' }],
  ]
  for (const [name, headers] of breaks) {
    script.answer = (_request, response) => {
      response.writeHead(200, headers)
      response.write(half, () => response.socket?.end())
    }
    const { stream, length } = await store.download(run, 'half')
    t.equal(length, 1000)
    t.match(await failureOf(readAll(stream)), { code: /^UND_ERR/ }, name)
  }
  script.answer = (_request, response) => response.writeHead(200, { 'transfer-encoding': 'chunked' }).end(half)
  t.equal(await reasonOf(store.download(run, 'half')), 'unknown-answer', 'without a length it is not even begun')
  script.answer = (_request, response) => response.writeHead(404).end()
  t.equal(await reasonOf(store.download(run, 'half')), 'not-found')
})

t.test('A part of a file is given as asked for, and nothing else for it', async (t) => {
  const bytes = randomBytes(300_000)
  for (const { name, storage } of stores) {
    const { store, calls } = benchOf(t, storage)
    await storage.write(`runs/${runId}/ranged`, bytes)
    calls.dbfs.set('ranged', bytes)
    const cases: [ArtifactPlace, number, number | null][] = [run, dbfs].flatMap(
      (place): [ArtifactPlace, number, number | null][] => [
        [place, 0, 9],
        [place, 100_000, null],
        [place, 299_999, 299_999],
        [place, 299_990, 999_999],
        [place, -10, null],
        [place, -999_999, null],
      ],
    )
    for (const [place, start, end] of cases) {
      const first = start < 0 ? Math.max(0, bytes.length + start) : start
      const wanted = bytes.subarray(first, (end ?? bytes.length) + 1)
      const { stream, length, contentRange } = await store.download(place, 'ranged', { start, end })
      t.equal(sha(await readAll(stream)), sha(wanted), `${name}, ${place.kind}: ${start}-${end}`)
      t.same([length, contentRange], [wanted.length, `bytes ${first}-${first + wanted.length - 1}/300000`])
    }
    for (const place of [run, dbfs]) {
      t.equal(await reasonOf(store.download(place, 'ranged', { start: 300_000, end: null })), 'outside-range')
    }
  }
  const { store, script } = await scripted(t)
  script.answer = (_request, response) => response.writeHead(200, { 'content-length': '3' }).end('abc')
  t.equal(await reasonOf(store.download(run, 'ranged', { start: 1, end: 1 })), 'unknown-answer', 'all of it instead of a part')
  script.answer = (_request, response) => {
    response.writeHead(206, { 'content-length': '3', 'content-range': 'bytes 0-2/3' }).end('abc')
  }
  t.equal(await reasonOf(store.download(run, 'ranged', { start: 1, end: 2 })), 'unknown-answer', 'more than a part')
})

t.test('What the caller has already is not sent again', async (t) => {
  const { store, script } = await scripted(t)
  const heard: (readonly [string | undefined, string | undefined])[] = []
  // As Azure does: it knows `If-Match` and `If-None-Match`, and nothing of `If-Range`.
  script.answer = ({ headers }, response) => {
    heard.push([headers['if-match'], headers.range])
    const known = { etag: '"new"', 'last-modified': 'Sun, 29 Nov 2026 10:00:00 GMT' }
    if (headers['if-none-match'] === '"new"') response.writeHead(304, known).end()
    else if ((headers['if-match'] ?? '"new"') !== '"new"') response.writeHead(412).end()
    else if (headers.range === 'bytes=9-') response.writeHead(416, { 'content-range': 'bytes */6' }).end()
    else if (headers.range === 'bytes=2-')
      response.writeHead(206, { ...known, 'content-length': '4', 'content-range': 'bytes 2-5/6' }).end('cdef')
    else response.writeHead(200, { ...known, 'content-length': '6' }).end('abcdef')
  }
  const rest = { start: 2, end: null }
  const read = async (range?: typeof rest, conditions = {}) => {
    heard.length = 0
    const { stream, contentRange, validators } = await store.download(run, 'x', range, conditions)
    return [(await readAll(stream)).toString(), contentRange, validators?.etag]
  }
  t.same(await read(), ['abcdef', null, '"new"'])
  t.same(await read(rest, { 'if-range': '"new"' }), ['cdef', 'bytes 2-5/6', '"new"'], 'the rest of the same file')
  t.same(await read(rest, { 'if-range': '"old"' }), ['abcdef', null, '"new"'], 'all of another one')
  t.same(heard, [
    ['"old"', 'bytes=2-'],
    [undefined, undefined],
  ])
  t.same(await read(rest, { 'if-range': 'W/"new"' }), ['abcdef', null, '"new"'], 'a weak tag names no bytes')
  await t.rejects(store.download(run, 'x', undefined, { 'if-none-match': '"new"' }), {
    validators: { etag: '"new"' },
    message: 'not modified',
  })
  t.same(await read(undefined, { 'if-none-match': '"old"' }), ['abcdef', null, '"new"'])
  t.equal(await reasonOf(store.download(run, 'x', undefined, { 'if-match': '"old"' })), 'precondition-failed')
  const outside = await store.download(run, 'x', { start: 9, end: null }).catch((error: unknown) => error)
  t.match(outside, { reason: 'outside-range', size: 6 })
})

t.test('Registered versions are read by name and version, and never changed', async (t) => {
  const { store, calls, storage } = benchOf(t, azurite)
  await storage.write('registry/fraud_acc/3/data/model.pkl', Buffer.from('model'))
  t.equal((await readAll((await store.download(version, 'data/model.pkl')).stream)).toString(), 'model')
  t.same(
    [...(calls.log[0]?.message ?? [])],
    [
      ['name', 'fraud_acc'],
      ['version', '3'],
      ['path', 'data/model.pkl'],
    ],
  )
  t.equal(await reasonOf(store.upload(version, 'data/model.pkl', bodyOf(Buffer.of(1)), 1)), 'read-only')
  t.equal(await reasonOf(store.delete(version, 'data/model.pkl')), 'read-only')
  t.equal(await reasonOf(store.delete(run, 'data/model.pkl')), 'read-only')
  t.equal(calls.log.length, 1, 'Databricks is not even asked')
})

t.test("A trace's data and attachments are read and written, and not listed", async (t) => {
  const { store, storage } = benchOf(t, azurite)
  const trace: ArtifactPlace = { kind: 'trace', experimentId: '7', traceId: `tr-${runId}` }
  for (const path of ['traces.json', 'attachments/1']) {
    await store.upload(trace, path, bodyOf(Buffer.from(path)), path.length)
    t.equal((await storage.read(`traces/tr-${runId}/${path}`))?.toString(), path)
    t.equal((await readAll((await store.download(trace, path)).stream)).toString(), path)
  }
  t.same(await store.list(trace, ''), [])
})

t.test('Files of DBFS are read and written call by call, and never seen half written', async (t) => {
  const { store, calls } = benchOf(t, azurite)
  for (const size of [0, 1, 720_000, 2_000_003]) {
    const bytes = randomBytes(size)
    await store.upload(dbfs, 'stuff/deep/x', bodyOf(bytes, 100_003), size)
    t.equal(sha(calls.dbfs.get('stuff/deep/x') ?? Buffer.of()), sha(bytes), `${size} bytes`)
    const { stream, length } = await store.download(dbfs, 'stuff/deep/x')
    t.equal(sha(await readAll(stream)), sha(bytes))
    t.equal(length, size)
  }
  t.equal(await reasonOf(store.upload(dbfs, 'stuff/deep/x', bodyOf(Buffer.alloc(9)), 10)), 'malformed')
  t.equal(calls.dbfs.get('stuff/deep/x')?.length, 2_000_003, 'what was there stays')
  t.same([...calls.dbfs.keys()], ['stuff/deep/x'], 'and nothing unfinished is left')
  t.equal(await reasonOf(store.download(dbfs, 'stuff/deep')), 'not-found', 'a folder is no file')
  await store.delete(dbfs, 'stuff/deep/x')
  t.equal(await reasonOf(store.download(dbfs, 'stuff/deep/x')), 'not-found')
})

t.test('Only headers that belong to the request go to storage, whatever Databricks returns', async (t) => {
  const { store, calls, script } = await scripted(t)
  Object.assign(calls.headers, {
    'X-Ms-Encryption-Key': 'k',
    'x-ms-encryption-scope': 's',
    'x-ms-meta-team': 'm',
    'x-ms-version': '2021-12-02',
    'x-ms-rename-source': '/root/other',
    'x-ms-copy-source': 'https://x',
    'content-length': '1',
    authorization: 'Bearer x',
    host: 'elsewhere',
    'x-ms-client-request-id': 'a\r\nb',
  })
  await store.upload(run, 'headers', bodyOf(Buffer.of(1, 2, 3)), 3)
  const azureOf = (at: number) =>
    Object.entries(script.received[at]?.headers ?? {}).filter(([name]) => name.startsWith('x-ms') || name === 'authorization')
  const block = {
    'x-ms-encryption-key': 'k',
    'x-ms-encryption-scope': 's',
    'x-ms-version': '2021-12-02',
    'x-ms-blob-type': 'BlockBlob',
  }
  t.same(Object.fromEntries(azureOf(0)), block, 'a block')
  const list = { 'x-ms-encryption-key': 'k', 'x-ms-encryption-scope': 's', 'x-ms-meta-team': 'm', 'x-ms-version': '2021-12-02' }
  t.same(Object.fromEntries(azureOf(1)), list, 'the list of blocks')
  t.equal(script.received[0]?.headers['content-length'], '3')
})

t.test('A signed URL goes out byte for byte, and is seen nowhere else', async (t) => {
  const { store, calls, script } = await scripted(t)
  const text = `http://${script.host}/root/a%2Bb/%25?sv=1&comp=old&sig=SECRET%2B%2F%3D&se=2030-01-01T00%3A00%3A00Z`
  const url = new SignedUrl(text, new Set([script.host]))
  t.equal(
    url.target({ comp: 'block', blockid: 'MDA=' }),
    '/root/a%2Bb/%25?sv=1&sig=SECRET%2B%2F%3D&se=2030-01-01T00%3A00%3A00Z&comp=block&blockid=MDA%3D',
  )
  const shown = [String(url), JSON.stringify({ url }), inspect({ url }, { showHidden: true, depth: 9 }), `${Object.values(url)}`]
  t.notOk(
    shown.some((text) => /SECRET|sv=1/.test(text)),
    'not when it is printed',
  )

  const answers: ScriptedStorage['answer'][] = [
    (_request, response) => response.writeHead(302, { location: `http://${script.host}/elsewhere` }).end(),
    ({ url }, response) => response.writeHead(403, { 'x-ms-error-code': 'No<Such>Code' }).end(`Signature did not match: ${url}`),
    (_request, response) => void response.socket?.destroy(),
    (_request, response) => void response.socket?.end('nonsense\r\n\r\n'),
  ]
  for (const answer of answers) {
    script.received.length = 0
    script.answer = answer
    for (const work of [() => store.upload(run, 'secret', bodyOf(Buffer.of(1)), 1), () => store.download(run, 'secret')]) {
      const error = await failureOf(work())
      t.ok(error instanceof Refusal, 'it is refused')
      t.notMatch(inspect(error, { showHidden: true, depth: 9 }), /secret[0-9]|sig=|Such>Code/, 'without a word of the URL')
    }
    t.notOk(
      script.received.some(({ url: { pathname } }) => pathname === '/elsewhere'),
      'no redirect is followed',
    )
  }
  t.notMatch(inspect([store, calls.log], { showHidden: true, depth: 9 }), /secret[0-9]/)
})

t.test('Signed URLs lead to Azure storage, or to hosts that were configured', async (t) => {
  const hosts = new Set(['127.0.0.1:10000', 'minio.example.com', 'store.example.com:8443', '10.0.0.1'])
  const verdict = (text: string) => {
    try {
      return new SignedUrl(text, hosts).origin
    } catch (error) {
      t.notMatch(inspect(error), 'sig=', 'the refusal does not tell the URL')
      return error instanceof Refusal ? error.reason : error
    }
  }
  for (const origin of [
    'https://dbstorage1.blob.core.windows.net',
    'https://dbstorage1.dfs.core.windows.net',
    'https://dbstorage1.blob.core.chinacloudapi.cn',
    'https://dbstorage1.dfs.core.usgovcloudapi.net',
    'https://minio.example.com',
    'https://store.example.com:8443',
    'http://127.0.0.1:10000',
  ]) {
    t.equal(verdict(`${origin}/a?sig=x`), origin)
  }
  for (const start of [
    'http://dbstorage1.blob.core.windows.net',
    'https://dbstorage1.blob.core.windows.net:444',
    'https://dbstorage1.blob.core.windows.net.evil.com',
    'https://evil.com/.blob.core.windows.net',
    'https://evil.com#.blob.core.windows.net',
    'https://evil.com\\.blob.core.windows.net',
    'https://evil.com\t.blob.core.windows.net',
    'https://a@dbstorage1.blob.core.windows.net',
    'https://blob.core.windows.net',
    'https://a.b.blob.core.windows.net',
    'https://169.254.169.254',
    'http://127.0.0.1:10001',
    'http://10.0.0.1',
    'http://minio.example.com',
    'ftp://minio.example.com',
    'file:///etc/passwd',
    '//minio.example.com',
    '',
  ]) {
    t.equal(verdict(`${start}/a?sig=x`), 'unknown-answer', start)
  }
  t.equal(verdict('https://minio.example.com/a#b?sig=x'), 'unknown-answer', 'no fragment')
})

t.test('A kind of storage that the proxy does not speak is said so before a byte is read', async (t) => {
  const azure = new AzureStorage(['s3.example.com'])
  t.teardown(() => azure.close())
  const info: JsonObject = new Map([
    ['signed_uri', 'https://s3.example.com/x?sig=1'],
    ['type', 'AWS_PRESIGNED_URL'],
  ])
  const call: StorageCall = async () => ({ status: 200, json: new Map([['credential_infos', [info]]]) })
  t.equal(await reasonOf(new DatabricksArtifactStore(call, azure).upload(run, 'x', bodyOf(Buffer.of(1)), 1)), 'unknown-answer')
})

/** A body of many bytes that takes no memory, and its checksum. */
function makeLarge(size: number) {
  const block = randomBytes(MiB + 4093)
  const hash = createHash('sha256')
  const body = Readable.from(
    (function* () {
      for (let at = 0, count = 0; at < size; count++) {
        const from = (count * 7919) % (block.length - 65_536)
        const piece = block.subarray(from, from + Math.min(65_536, size - at))
        hash.update(piece)
        at += piece.length
        yield piece
      }
    })(),
    { objectMode: false },
  )
  return { body, checksum: () => hash.digest('hex') }
}

/** By how many bytes the process grows, at most, while something is done. */
async function growth(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 20)
  await work()
  clearInterval(timer)
  return Math.max(most, process.memoryUsage.rss()) - before
}

t.test('A file much larger than memory for it goes through in both directions', async (t) => {
  const size = process.env.MLFLOW_ENV_PROXY_TEST === 'full' ? 1024 * MiB : 300 * MiB
  const azure = new AzureStorage([hostOf(azurite)])
  t.teardown(() => azure.close())
  const store = new DatabricksArtifactStore(startArtifactCalls(azurite).call, azure)
  // What any upload and download takes is not what a large one takes.
  await store.upload(run, 'warm', makeLarge(32 * MiB).body, null)
  for await (const _chunk of (await store.download(run, 'warm')).stream);
  const { body, checksum } = makeLarge(size)
  const up = await growth(() => store.upload(run, 'large', body, size))
  t.ok(up < 64 * MiB, `uploading ${size / MiB} MiB takes ${Math.round(up / MiB)} MiB`)
  const hash = createHash('sha256')
  const down = await growth(async () => {
    const { stream, length } = await store.download(run, 'large')
    t.equal(length, size)
    for await (const chunk of stream) hash.update(chunk)
  })
  t.ok(down < 64 * MiB, `downloading it takes ${Math.round(down / MiB)} MiB`)
  t.equal(hash.digest('hex'), checksum(), 'with the same checksum')
})

t.test('A slow reader and a slow store hold back what feeds them', async (t) => {
  const { store, script } = await scripted(t)
  const size = 64 * MiB
  let given = 0
  script.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': size })
    Readable.from(
      (function* () {
        const piece = Buffer.alloc(64 * KiB)
        for (; given < size; given += piece.length) yield piece
      })(),
    ).pipe(response)
  }
  const { stream } = await store.download(run, 'slow')
  stream.on('error', () => undefined)
  await sleep(300)
  t.ok(given < 16 * MiB, `${Math.round(given / MiB)} MiB were given to a reader that takes nothing`)
  stream.destroy()

  const held: (() => void)[] = []
  script.answer = (_request, response) => void held.push(() => response.writeHead(201).end())
  let taken = 0
  const body = Readable.from(
    (function* () {
      for (const piece = Buffer.alloc(16 * KiB); taken < 8 * MiB; taken += piece.length) yield piece
    })(),
    { objectMode: false },
  )
  const upload = store.upload(run, 'slow', body, null)
  await until(() => held.length === limits.parallel)
  await sleep(100)
  t.equal(held.length, limits.parallel, 'no more parts are under way than may be')
  t.ok(taken <= (limits.parallel + 2) * limits.partBytes, `${taken} bytes were taken for a store that answers nothing`)
  script.answer = (_request, response) => response.writeHead(201).end()
  for (const release of held) release()
  await upload
  const sent = script.received.filter(({ url }) => url.searchParams.get('comp') === 'block')
  t.equal(
    sent.reduce((sum, part) => sum + part.body.length, 0),
    8 * MiB,
  )
})
