import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import { isGrant } from '../../src/policy/grant.ts'
import { artifactRequest, isArtifactRequest } from '../../src/rewrite/request/artifact-request.ts'
import { isUpstreamRequest, upstreamRequest } from '../../src/rewrite/request/upstream-request.ts'
import { Upstream } from '../../src/server/upstream/upstream.ts'
import { grantOf, judge, requestTo } from '../fakes/fake-fact-source.ts'
import { acc, config, inAcc, tenancy } from '../fixtures/tenancy.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

function realGrant() {
  return grantOf(judge(config, acc, requestTo('getRun', { run_id: inAcc.run(1) }), tenancy))
}

/** Things that look like a grant or a request to whoever only looks. */
function forgeries(genuine: object): [name: string, forged: unknown][] {
  return [
    ['a copy of every field', { ...genuine }],
    ['a structure with the same prototype', Object.assign(Object.create(Object.getPrototypeOf(genuine)), genuine)],
    ['an object that inherits from a real one', Object.create(genuine)],
    ['a proxy of a real one', new Proxy(genuine, {})],
    ['its JSON', JSON.parse(JSON.stringify(genuine))],
    ['nothing', null],
    ['text', 'grant'],
  ]
}

/** What a look-alike makes at run time, where types have been argued away. */
function forge<T>(value: unknown): T {
  return value as T
}

t.test('only what decide issues is a grant, whatever looks like one', async (t) => {
  const grant = realGrant()
  t.equal(isGrant(grant), true)
  t.ok(Object.isFrozen(grant), 'and it cannot be changed')
  for (const [name, forged] of forgeries(grant)) {
    t.equal(isGrant(forged), false, name)
    t.throws(
      () => upstreamRequest(forge(forged)),
      { message: 'nothing is forwarded without a grant' },
      `${name} makes no request`,
    )
  }
})

t.test('only a request made from a grant is sent', async (t) => {
  const grant = realGrant()
  const request = upstreamRequest(grant)
  t.equal(isUpstreamRequest(request), true)
  t.ok(Object.isFrozen(request))
  // Nothing listens there: a request that was let through would fail in another way.
  const upstream = new Upstream({ url: 'http://127.0.0.1:9', kind: 'mlflow', credentials: { mode: 'none' } })
  t.teardown(() => upstream.close())
  for (const [name, forged] of [...forgeries(request), ...forgeries(grant)]) {
    t.equal(isUpstreamRequest(forged), false, name)
    await t.rejects(
      upstream.send(forge(forged), { authorization: null }),
      { message: 'nothing is forwarded without a grant' },
      `${name} is not sent`,
    )
  }
  await t.rejects(
    upstream.send(request, { authorization: null }),
    { name: 'Refusal', reason: 'upstream-unavailable' },
    'a real one is',
  )
})

t.test('only for a granted artifact is a Databricks workspace asked for signed URLs', async (t) => {
  const path = `/${inAcc.experiment}/${inAcc.run(1)}/artifacts/a`.slice(1)
  const grant = grantOf(judge(config, acc, requestTo('downloadArtifact', { artifact_path: path }), tenancy))
  const request = artifactRequest(grant)
  t.same({ ...request }, { place: { kind: 'run', experimentId: inAcc.experiment, runId: inAcc.run(1) }, path: 'a' })
  t.ok(Object.isFrozen(request))
  const upstream = new Upstream({ url: 'http://127.0.0.1:9', kind: 'databricks', credentials: { mode: 'none' } })
  t.teardown(() => upstream.close())
  const call = { method: 'POST', target: '/api/2.0/mlflow/artifacts/credentials-for-read', body: '{}' } as const
  for (const [name, forged] of [...forgeries(request), ...forgeries(grant)]) {
    t.equal(isArtifactRequest(forged), false, name)
    await t.rejects(upstream.askForArtifact(forge(forged), call, { authorization: null }), { name: 'TypeError' }, name)
  }
  for (const [name, forged] of forgeries(grant)) t.throws(() => artifactRequest(forge(forged)), { name: 'TypeError' }, name)
  t.throws(() => artifactRequest(realGrant()), { name: 'TypeError' }, 'a grant of something else')
  for (const target of ['/api/2.0/mlflow/runs/get', '/api/2.0/dbfs/../mlflow/runs/get', '/api/2.0/workspace/delete']) {
    await t.rejects(upstream.askForArtifact(request, { ...call, target }, { authorization: null }), { name: 'TypeError' }, target)
  }
  await t.rejects(
    upstream.askForArtifact(request, call, { authorization: null }),
    { name: 'Refusal', reason: 'upstream-unavailable' },
    'it is asked',
  )
})

// What must not compile, each with the diagnostic that says so; `null` is the control
const snippets: [name: string, code: string, diagnostic: number | null][] = [
  ['the way of every request', 'const sent: Promise<unknown> = upstream.send(upstreamRequest(grant), caller)', null],
  [
    'a literal in place of a grant',
    'upstreamRequest({ endpointName: "x", endpoint: grant.endpoint, message, context: grant.context })',
    2345,
  ],
  ['a copy of a grant', 'upstreamRequest({ ...grant })', 2345],
  ['another message than the one that was judged', 'upstreamRequest(grant, message)', 2345],
  ['a grant of one’s own making', 'new Grant("x", grant.endpoint, message, grant.context)', 1361],
  ['a literal in place of a request', 'upstream.send({ method: "GET", target: "/", body: null }, caller)', 2345],
  ['a request of one’s own making', 'new UpstreamRequest("GET", "/", null)', 1361],
  ['a request from a denial', 'upstreamRequest(decision)', 2345],
  ['a decision that was not looked at', 'upstreamRequest(decision.allow)', 2339],
  ['plain text where a stored name is wanted', 'const name: UpstreamName = "fraud_acc"', 2322],
  ['a caller’s name in a question', 'const query: FactQuery = { about: "version", name: owned.logical, version: "1" }', 2322],
  ['a stored name in a question', 'const query: FactQuery = { about: "version", name: owned.upstream, version: "1" }', null],
]

const prelude = `
import type { Decision } from './src/policy/decide.ts'
import type { Grant } from './src/policy/grant.ts'
import type { JsonObject } from './src/policy/messages/json/json.ts'
import type { OwnedName, UpstreamName } from './src/policy/names/names.ts'
import type { FactQuery } from './src/policy/fact-query.ts'
import { type UpstreamRequest, upstreamRequest } from './src/rewrite/request/upstream-request.ts'
import type { Upstream } from './src/server/upstream/upstream.ts'
import type { CallerCredentials } from './src/server/upstream/upstream-credentials.ts'
declare const [grant, message, upstream, caller, decision, owned]: [Grant, JsonObject, Upstream, CallerCredentials, Decision, OwnedName]
export type Used = UpstreamName | FactQuery | UpstreamRequest | typeof upstreamRequest | [typeof grant, typeof message, typeof upstream, typeof caller, typeof decision, typeof owned]
`.trim()

/** The codes of what the compiler says of each snippet, as files beside the sources. */
function compile(codes: readonly string[]): number[][] {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, 'tsconfig.json'),
    { noUnusedLocals: false },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  )
  const texts = new Map(codes.map((code, index) => [join(root, `snippet-${index}.ts`), `${prelude}\n${code}\n`]))
  const options = { ...config?.options, noUnusedLocals: false, noEmit: true }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (name) => texts.has(name) || fileExists(name)
  host.readFile = (name) => texts.get(name) ?? readFile(name)
  host.getSourceFile = (name, target, ...rest) => {
    const text = texts.get(name)
    return text === undefined ? getSourceFile(name, target, ...rest) : ts.createSourceFile(name, text, target)
  }
  const program = ts.createProgram([...texts.keys()], options, host)
  return [...texts.keys()].map((name) => {
    const file = program.getSourceFile(name)
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(({ code }) => code)
  })
}

t.test('forwarding without a decision, or a name that was not mapped, does not compile', async (t) => {
  const found = compile(snippets.map(([, code]) => code))
  snippets.forEach(([name, , diagnostic], index) => {
    t.same(found[index], diagnostic === null ? [] : [diagnostic], name)
  })
})

/** Every TypeScript file below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`)
}

t.test('the makers of grants and of stored names are used where they belong, and nowhere else', async (t) => {
  const users = (word: RegExp) => filesBelow('src').filter((name) => word.test(readFileSync(join(root, name), 'utf8')))
  t.same(users(/\bissueGrant\b/).sort(), ['src/policy/decide.ts', 'src/policy/grant.ts'])
  t.same(users(/\bas UpstreamName\b/), ['src/policy/names/names.ts'])
  t.same(users(/\bnew Grant\(/), ['src/policy/grant.ts'])
  t.same(users(/\bnew UpstreamRequest\(/), ['src/rewrite/request/upstream-request.ts'])
  t.same(users(/\bnew ArtifactRequest\(/), ['src/rewrite/request/artifact-request.ts'])
})
