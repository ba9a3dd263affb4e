import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DockerfileParser, type Instruction, JSONInstruction } from 'dockerfile-ast'
import t from 'tap'
import { lintDockerfile } from './harness/helm-tools.ts'
import { freePort } from './harness/program.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readText = (path: string) => readFileSync(join(root, path), 'utf8')
const manifest = JSON.parse(readText('package.json'))
const instructions = DockerfileParser.parse(readText('Dockerfile')).getInstructions()
const keywordOf = (instruction: Instruction) => instruction.getKeyword()
const argumentsOf = (instruction: Instruction) => instruction.getArguments().map((argument) => argument.getValue())
const starts = instructions.flatMap((instruction, index) => (keywordOf(instruction) === 'FROM' ? [index] : []))
const stages = starts.map((start, index) => instructions.slice(start, starts[index + 1]))
const last = stages.at(-1) ?? []

/** The arguments of the only instruction of its kind in the last stage. */
function only(keyword: string): string[] {
  const found = last.filter((instruction) => keywordOf(instruction) === keyword)
  if (found.length !== 1 || !found[0]) throw new Error(`the last stage has ${found.length} ${keyword}`)
  const strings = found[0] instanceof JSONInstruction ? found[0].getJSONStrings().map((text) => text.getJSONValue()) : []
  return strings.length > 0 ? strings : argumentsOf(found[0])
}

/** The COPY instructions of a stage: from which stage (null: the checkout), what, and where to. */
function copiesOf(stage: readonly Instruction[]) {
  return stage
    .filter((instruction) => keywordOf(instruction) === 'COPY')
    .map((instruction) => {
      const from = /^COPY\s+--from=(\S+)/.exec(instruction.toString())?.[1] ?? null
      const places = argumentsOf(instruction)
      return { from, sources: places.slice(0, -1), target: places.at(-1) ?? '' }
    })
}

/** The folder /app of the image, laid out as the last stage copies it. */
function layImage(folder: string): void {
  const builds: Record<string, () => void> = {
    'build:/usr/local/bin/node': () => {},
    'build:/app/dist/.compile-cache': () => {},
    'build:/src/dist': () => cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true }),
  }
  for (const { from, sources } of copiesOf(last)) {
    for (const source of sources) {
      if (from === null) cpSync(join(root, source), join(folder, source), { recursive: true })
      else (builds[`${from}:${source}`] ?? fail(`this test does not know ${from}:${source}`))()
    }
  }
}

function fail(message: string): never {
  throw new Error(message)
}

t.test('hadolint has nothing to say about the Dockerfile', async (t) => {
  t.equal(await lintDockerfile(join(root, 'Dockerfile')), '')
  const careless = t.testdir({ Dockerfile: 'FROM debian\nRUN cd /tmp\n' })
  t.match(await lintDockerfile(join(careless, 'Dockerfile')), /DL3006.*DL3003/s)
})

t.test('the image runs the program itself, as a numbered user, on both ports, and is stopped by SIGTERM', async (t) => {
  t.strictSame(only('ENTRYPOINT'), ['node', manifest.bin['mlflow-env-proxy']])
  t.strictSame(only('CMD'), ['serve', '--config', '/etc/mlflow-env-proxy/config.yaml'])
  t.match(only('USER')[0], /^[1-9]\d*:[1-9]\d*$/)
  t.strictSame(only('EXPOSE'), ['5000', '9464'])
  t.strictSame(only('STOPSIGNAL'), ['SIGTERM'])
  t.notOk(
    last.some((instruction) => keywordOf(instruction) === 'RUN'),
    'no shell is needed to make the last stage',
  )
  const given = instructions.filter((instruction) => keywordOf(instruction) === 'ARG').map((image) => argumentsOf(image)[0])
  const images = ['BUILD_IMAGE=node:24-trixie-slim', 'RUNTIME_IMAGE=debian:trixie-slim']
  t.strictSame(given, [...images, 'VERSION=""', 'REVISION=""', 'SOURCE=""'])
})

t.test('labels say of which version, revision and source the image is', async (t) => {
  const labels = only('LABEL').join(' ')
  for (const name of ['version', 'revision', 'source'])
    t.match(labels, `org.opencontainers.image.${name}="$\{${name.toUpperCase()}}"`, name)
})

t.test('the licence of every production dependency is in the image', async (t) => {
  const licences = readText('dist/THIRD-PARTY-LICENSES.txt')
  for (const name of Object.keys(manifest.dependencies)) t.match(licences, new RegExp(`^${name} [0-9.]+ \\(`, 'm'), name)
  t.notMatch(licences, /^esbuild /m, 'and none of what builds it')
})

t.test('every package that the sources import is a production dependency', async (t) => {
  const imported = globSync('src/**/*.ts', { cwd: root }).flatMap((file) =>
    [...readText(file).matchAll(/(?:^(?:import|export|\}) (?:[^'"\n]*from )?|import\()['"]([^.'"][^'"]*)['"]/gm)].map(
      ([, name = '']) => name,
    ),
  )
  const packages = imported
    .filter((name) => !isBuiltin(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'))
  t.ok(packages.includes('yaml'), 'the imports are seen')
  t.strictSame(
    packages.filter((name) => !(name in manifest.dependencies)),
    [],
  )
})

t.test('the build sees what the Dockerfile copies, and nothing else of the checkout', async (t) => {
  const lines = readText('.dockerignore')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
  t.equal(lines[0], '*')
  const copied = stages.flatMap((stage) => copiesOf(stage).flatMap(({ from, sources }) => (from === null ? sources : [])))
  t.strictSame(lines.slice(1).sort(), [...new Set(copied)].map((path) => `!${path}`).sort())
  for (const path of copied) t.ok(existsSync(join(root, path)), `${path} is there`)
})

/** The status of /livez, asked until the program answers; null when it ends before. */
async function waitForLife(port: number, child: ChildProcess): Promise<number | null> {
  for (let tries = 0; tries < 150 && child.exitCode === null; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/livez`).catch(() => null)
    if (answer) return answer.status
    await sleep(100)
  }
  return null
}

const unbuilt = existsSync(join(root, 'src/cli.ts')) ? false : 'the command line does not exist yet'

t.test(
  'what the image holds is enough to check a configuration, serve, and leave with 0 on SIGTERM',
  { skip: unbuilt },
  async (t) => {
    // Outside the checkout, whose packages would be found.
    const folder = mkdtempSync(join(tmpdir(), 'image-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    layImage(folder)
    const [port, adminPort] = [await freePort(), await freePort()]
    const entra =
      'entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [api://proxy], authority: "http://127.0.0.1:9" }'
    const config = `listen: { port: ${port} }
admin: { port: ${adminPort} }
upstream: { url: "http://127.0.0.1:9" }
authentication: { ${entra} }
environments: [acc]
`
    writeFileSync(join(folder, 'config.yaml'), config)
    const [, ...entry] = only('ENTRYPOINT')
    const options = { cwd: folder, env: { NODE_ENV: 'production' } }
    const checked = spawnSync(process.execPath, [...entry, 'check', '--config', 'config.yaml'], { ...options, encoding: 'utf8' })
    t.equal(checked.status, 0, checked.stderr)
    const child = spawn(process.execPath, [...entry, 'serve', '--config', 'config.yaml'], { ...options, stdio: 'ignore' })
    t.teardown(() => child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    t.equal(await waitForLife(adminPort, child), 200)
    child.kill('SIGTERM')
    t.strictSame(await ended, [0, null])
  },
)
