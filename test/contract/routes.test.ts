import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { generateDatabricksTexts, generatedDatabricksFiles } from '../../scripts/generate/generate-databricks.ts'
import { generatedFiles, generateTexts } from '../../scripts/generate/generate-messages.ts'
import { generateOtlp, otlpFile } from '../../scripts/generate/generate-otlp.ts'
import type { SdkDescription } from '../../scripts/generate/merge-databricks.ts'
import type { Description } from '../../scripts/generate/merge-descriptions.ts'
import { mlflowVersions, pythonOf } from '../../scripts/setup/python-environments.mjs'
import type { ClosedEndpoint, OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { closedEndpoints, endpointTable, openEndpoints } from '../../src/policy/endpoints/endpoint-table.ts'
import { findEndpoint } from '../../src/policy/endpoints/find-endpoint.ts'
import { isFullRun } from '../harness/full-run.ts'

const scriptOf = (name: string) => fileURLToPath(new URL(`../../scripts/generate/${name}`, import.meta.url))

async function runScript(environment: string, name: string): Promise<string> {
  const { stdout } = await promisify(execFile)(pythonOf(environment), [scriptOf(name)], { maxBuffer: 64 << 20 })
  return stdout
}

/** What the application of an installed MLflow says of itself: its messages, and the routes that it has registered. */
async function describe(version: string): Promise<Description> {
  return JSON.parse(await runScript(version, 'describe-mlflow.py'))
}

/** All versions, two at a time. */
async function describeAll(versions: readonly string[]): Promise<Description[]> {
  const waiting = [...versions]
  const found: Description[] = []
  const work = async () => {
    for (let version = waiting.pop(); version !== undefined; version = waiting.pop()) found.push(await describe(version))
  }
  await Promise.all([work(), work()])
  return found.sort((a, b) => mlflowVersions.indexOf(a.version) - mlflowVersions.indexOf(b.version))
}

const descriptions = await describeAll(isFullRun ? mlflowVersions : mlflowVersions.slice(-1))
const sdk: SdkDescription = JSON.parse(await runScript('databricks', 'describe-databricks.py'))

const ofAll = { skip: isFullRun ? false : 'every MLflow is asked for its routes: in the full run' }

/** The addresses of the table's rows as servers of a version register them. */
function addressesIn(version: string, endpoints: Iterable<OpenEndpoint | ClosedEndpoint>): Set<string> {
  const known = [...endpoints].filter(({ versions }) => versions.includes(version))
  return new Set(known.flatMap(({ method, path, prefixes }) => prefixes.map((prefix) => `${method} ${prefix}${path}`)))
}

for (const { version, routes } of descriptions) {
  t.test(`every route that MLflow ${version} registers is in the table, open or closed`, async (t) => {
    const open = addressesIn(version, openEndpoints.values())
    const closed = addressesIn(version, closedEndpoints)
    const registered = routes.map(({ method, path }) => `${method} ${path.replace('{assessment.trace_id}', '{trace_id}')}`)
    t.ok(registered.length > 100, `${registered.length} routes`)
    t.same(
      registered.filter((address) => !open.has(address) && !closed.has(address)),
      [],
      'nobody has classified these',
    )
    const served = registered.filter((address) => open.has(address))
    t.ok(served.length > 60, `${served.length} of them are open`)
  })

  t.test(`every open endpoint that says so is asked for where MLflow ${version} has it`, async (t) => {
    const registered = new Set(
      routes.filter(({ notImplemented }) => !notImplemented).map(({ method, path }) => `${method} ${path}`),
    )
    const missing = [...openEndpoints.values()]
      .filter(({ versions }) => versions.includes(version))
      .map(({ method, upstreamPrefix, path }) => `${method} ${upstreamPrefix}${path}`)
      .filter((address) => !registered.has(address))
    t.same(missing, [])
  })
}

t.test('the generated messages, routes and GraphQL schema are what the installed servers say today', ofAll, async (t) => {
  const texts: Readonly<Record<string, string>> = generateTexts(descriptions)
  for (const [name, file] of Object.entries(generatedFiles)) {
    const found = readFileSync(file, 'utf8')
    t.ok(found === texts[name], `src/policy/generated/${name}.ts is fresh; if not: npm run generate -- messages`)
  }
})

t.test(
  'the generated messages and routes of a workspace are what databricks-sdk and MLflow say of it today',
  ofAll,
  async (t) => {
    const texts = generateDatabricksTexts(sdk, descriptions)
    for (const name of ['messages', 'routes'] as const) {
      const found = readFileSync(generatedDatabricksFiles[name], 'utf8')
      t.ok(found === texts[name], `src/policy/generated/databricks-${name}.ts is fresh; if not: npm run generate -- databricks`)
    }
  },
)

t.test('every route that databricks-sdk asks a workspace for is in its table, open or closed', async (t) => {
  t.ok(sdk.routes.length > 150, `${sdk.routes.length} routes`)
  const answers = sdk.routes.map(({ method, path }) => {
    const found = findEndpoint(method, path.replaceAll(/\{[^}]+\}/g, 'x'), 'databricks')
    return { address: `${method} ${path}`, is: found === null ? 'unknown' : 'open' in found ? 'open' : 'closed' }
  })
  t.same(
    answers.filter(({ is }) => is === 'unknown'),
    [],
    'nobody has classified these',
  )
  t.ok(answers.filter(({ is }) => is === 'open').length > 40)
  t.same(endpointTable('databricks').unclassified, [], "nor any of those that MLflow's own clients ask for")
})

t.test('the generated messages of OpenTelemetry are those that the newest MLflow brings', async (t) => {
  const fresh = generateOtlp(pythonOf(mlflowVersions.at(-1) ?? '')) === readFileSync(otlpFile, 'utf8')
  t.ok(fresh, 'src/policy/generated/otlp-messages.ts is fresh; if not: npm run generate -- otlp')
})
