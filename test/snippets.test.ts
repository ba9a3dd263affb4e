import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { parse, stringify } from 'yaml'
import { pythonOf } from '../scripts/setup/python-environments.mjs'
import { loadConfig } from '../src/server/config/config.ts'
import { startIssuer } from './fakes/issuer.ts'
import { type Mark, snippetMarks } from './fixtures/snippet-marks.ts'
import { runHelm } from './harness/helm-tools.ts'
import { startMlflow } from './harness/mlflow-server.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const read = (name: string) => readFileSync(join(root, name), 'utf8')
const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
)

/** The fenced blocks of a page, without the indentation of a list. */
function blocksOf(page: string): string[] {
  return [...read(page).matchAll(/^( *)```[a-z]*\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', body = '']) =>
    body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )
}

const [issuer, mlflow] = await Promise.all([startIssuer(), startMlflow({ version: '3.18.0' })])
t.teardown(() => Promise.all([issuer.close(), mlflow.close()]))

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function merge(base: unknown, more: unknown): unknown {
  if (!isObject(base) || !isObject(more)) return more
  return { ...base, ...Object.fromEntries(Object.entries(more).map(([key, value]) => [key, merge(base[key], value)])) }
}

/** A configuration that a part is put into. */
const rest = {
  upstream: { url: 'http://127.0.0.1:5001' },
  authentication: {
    entra: { tenantId: '11111111-2222-3333-4444-555555555555', audiences: ['api://mlflow-env-proxy'] },
  },
}
const environments = { acc: {}, prod: { production: true } }

function configure(t: Test, body: string, { under, over }: { under?: string; over?: string }): void {
  const path = under?.split('.') ?? []
  const part = path.reduceRight((value: unknown, key) => ({ [key]: value }), parse(body))
  const base = merge(rest, over === undefined ? {} : parse(blocksOf(over)[0] ?? ''))
  const whole = merge(base, part)
  const complete = isObject(whole) && 'environments' in whole ? whole : merge(whole, { environments })
  const file = join(t.testdir(), 'proxy.yaml')
  writeFileSync(file, stringify(complete))
  t.ok(loadConfig(file, {}, { secrets: 'elsewhere' }).environments.length > 0)
}

/** A folder with the files that the pages speak of, and the programs that they call: the real proxy, and stand-ins for npm and az. */
async function workshop(t: Test): Promise<string> {
  const folder = t.testdir({ bin: {} })
  for (const name of ['dist', 'schema', 'package.json']) symlinkSync(join(root, name), join(folder, name))
  for (const name of ['policy.yaml', 'policy-tests.yaml']) copyFileSync(join(root, 'examples', name), join(folder, name))
  const { authority, audience, tenantId } = issuer
  const upstream = { url: mlflow.url }
  const authentication = { entra: { tenantId, audiences: [audience], authority } }
  const own = { ...parse(read('examples/policy.yaml')), upstream, authentication }
  writeFileSync(join(folder, 'proxy.yaml'), stringify(own))
  writeFileSync(join(folder, 'token'), await issuer.token())
  writeFileSync(join(folder, 'audit.jsonl'), '')
  const programs = {
    npx: `shift; exec ${process.execPath} "$@"`,
    'mlflow-env-proxy': `exec ${process.execPath} ${join(root, 'dist', 'cli.js')} "$@"`,
    az: '[ "$1 $2" = "account get-access-token" ] && cat token',
  }
  for (const [name, line] of Object.entries(programs)) {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${line}\n`)
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  return folder
}

async function runShell(t: Test, body: string): Promise<void> {
  const folder = await workshop(t)
  const env = { PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`, HOME: folder, APP: 'mlflow-env-proxy' }
  const child = spawn('sh', ['-ec', body.replaceAll('=...', '=x')], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  // `doctor` finds that whoever may reach this MLflow needs no proxy, where it is told who calls.
  const isKnown = status === 1 && /The caller can bypass the proxy|does not separate environments/.test(out)
  t.ok(status === 0 || isKnown, body, { status, output: `${out}${err}`.slice(-2_000) })
}

async function render(t: Test, body: string): Promise<void> {
  const values: object = parse(body)
  const chart = join(root, 'helm', 'mlflow-env-proxy')
  const [answer] = await runHelm([{ do: 'render', chart, values, release: 'mlflow-env-proxy', namespace: 'mlflow-env-proxy' }])
  t.match(answer, { ok: true })
}

function compile(t: Test, body: string): void {
  const code = 'import ast, sys; ast.parse(sys.stdin.read())'
  const { status, stderr } = spawnSync(pythonOf('3.18.0'), ['-c', code], { input: body, encoding: 'utf8' })
  t.equal(status, 0, stderr)
}

async function follow(t: Test, body: string, mark: Mark): Promise<void> {
  if ('not' in mark) return void t.ok(mark.not.length > 10, `not run: ${mark.not}`)
  if ('by' in mark)
    return void t.ok(existsSync(join(root, mark.by)) && read(mark.by).includes(mark.text), `${mark.by}: ${mark.text}`)
  if (mark.run === 'shell') return runShell(t, body)
  if (mark.run === 'config') return configure(t, body, mark)
  if (mark.run === 'values') return render(t, body)
  if (mark.run === 'python') return compile(t, body)
  t.doesNotThrow(() => JSON.parse(body))
}

t.test('every block of the documentation is run, or says why not', async (t) => {
  for (const page of pages) {
    const marks = snippetMarks[page] ?? []
    const blocks = blocksOf(page)
    t.same(
      blocks.map((body) => body.split('\n')[0]),
      blocks.map((body, index) =>
        body.trimStart().startsWith(marks[index]?.[0] ?? '\0') ? body.split('\n')[0] : `a mark in test/fixtures/snippet-marks.ts`,
      ),
      `${page}: each block has a mark`,
    )
    t.equal(marks.length, blocks.length, `${page}: no mark without its block`)
    for (const [index, body] of blocks.entries()) {
      const mark = marks[index]?.[1]
      if (mark !== undefined) await t.test(`${page}, block ${index + 1}`, (t) => follow(t, body, mark))
    }
  }
  t.same(
    Object.keys(snippetMarks).filter((page) => !pages.includes(page)),
    [],
    'no mark without its page',
  )
})
