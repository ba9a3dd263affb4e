import type { Test } from 'tap'
import { startIssuer } from '../fakes/issuer.ts'
import { type GuardedWorkspace, startGuardedWorkspace } from '../fakes/workspace/guarded-workspace.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { startProxy } from '../harness/proxy.ts'
import type { ClientRun } from './client-program.ts'
import { clientVersions } from './client-versions.ts'
import { runPythonClient } from './python-client.ts'

const allScenarios = ['fluent', 'searches', 'isolation', 'promotion', 'families', 'generative', 'command-line', 'notebook']

/** Clients that are too old for what a scenario does. */
function isTooOld(scenario: string, clientVersion: string): boolean {
  if (scenario === 'families') return !clientVersion.startsWith('3.')
  return scenario === 'generative' && (clientVersion.startsWith('1.') || clientVersion === '2.9.2')
}

// To log a model or list artifacts, clients from 3.0 on ask for logged models, which older servers do not have, with or without a proxy.
function scenariosOf(clientVersion: string, serverVersion: string, allOfThem: readonly string[]): readonly string[] {
  const scenarios = allOfThem.filter((scenario) => !isTooOld(scenario, clientVersion))
  const needsNewServer = clientVersion.startsWith('3.') && !serverVersion.startsWith('3.')
  return needsNewServer ? scenarios.filter((scenario) => ['searches', 'isolation'].includes(scenario)) : scenarios
}

const objectIds = { acc: 'a', preprod: 'b', prod: 'c', both: 'd' }

/** Tokens of callers in one environment each, and of one in two of them. */
export async function makeTokens(token: GuardedWorkspace['token']): Promise<Record<string, string>> {
  const tokens: Record<string, string> = {}
  for (const [who, letter] of Object.entries(objectIds)) {
    const oid = `00000000-0000-4000-8000-${letter.repeat(12)}`
    const roles = who === 'both' ? ['apps_acc', 'apps_prod'] : [`apps_${who}`]
    tokens[who] = await token({ oid, sub: oid, roles })
  }
  return tokens
}

/** Every assertion of a script as one of the test. */
export function report(t: Test, { assertions, completed, output }: ClientRun) {
  for (const { name, state, note } of assertions) {
    if (state === 'skipped') t.pass(name, { skip: note })
    else t.ok(state === 'passed', name, state === 'passed' ? {} : { note })
  }
  t.ok(completed && assertions.length > 0, 'the script runs to its end', completed ? {} : { output: output.slice(-2000) })
}

/** Runs `work` on every item, two at a time in the given order; each result can be awaited by itself. */
function inPairs<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result>[] {
  const results: Promise<Result>[] = []
  for (const [i, item] of items.entries()) {
    const earlier = results[i - 2]
    results.push(
      earlier
        ? earlier.then(
            () => work(item),
            () => work(item),
          )
        : work(item),
    )
  }
  return results
}

/** Who tells the stories, and which. */
export interface ScenarioOptions {
  /** Client versions; without it all that the run has. During development $CLIENT_VERSIONS (with commas) takes its place. */
  readonly clients?: readonly string[]
  /** Without it all. During development $CLIENT_SCENARIOS takes its place. */
  readonly scenarios?: readonly string[]
  /** Environment variables that the clients have besides. */
  readonly env?: Readonly<Record<string, string>>
  /** Files in the clients' home folders, by their names. */
  readonly homeFiles?: Readonly<Record<string, string>>
}

/** Where stories are told: what clients ask, and what a look behind it shows. */
interface ScenarioServer {
  readonly title: string
  readonly serverVersion: string
  readonly uri: string
  /** What the scripts are told. */
  readonly context: object
}

async function runScenarios(
  t: Test,
  { title, serverVersion, uri, context }: ScenarioServer,
  options: ScenarioOptions,
): Promise<void> {
  const clients = process.env.CLIENT_VERSIONS?.split(',') ?? options.clients ?? clientVersions
  const scenarios = process.env.CLIENT_SCENARIOS?.split(',') ?? options.scenarios ?? allScenarios
  const { env = {}, homeFiles = {} } = options
  const newestFirst = [...clients].reverse()
  const runs = inPairs(newestFirst, (version) => {
    const args = scenariosOf(version, serverVersion, scenarios)
    const told = { ...context, serverVersion }
    return runPythonClient({ version, script: 'stories.py', args, uri, context: told, env, homeFiles, timeoutSeconds: 600 })
  })
  for (const [i, version] of newestFirst.entries()) {
    await t.test(`client ${version} and ${title}`, async (t) => {
      const run = await runs[i]
      if (run) report(t, run)
    })
  }
}

/**
 * Client versions run every scenario against one server of `serverVersion`, through one proxy.
 * With $CLIENT_DIRECT the clients talk to MLflow itself: what then fails is a mistake in the scenario.
 */
export async function runClientScenarios(t: Test, serverVersion: string, options: ScenarioOptions = {}): Promise<void> {
  t.setTimeout(15 * 60_000)
  const direct = process.env.CLIENT_DIRECT !== undefined
  const upstream = await startMlflow({ version: serverVersion })
  t.teardown(() => upstream.close())
  const issuer = await startIssuer()
  t.teardown(() => issuer.close())
  const proxy = direct ? null : await startProxy({ upstream: upstream.url, issuer })
  if (proxy) t.teardown(() => proxy.close())
  const tokens = await makeTokens(issuer.token)
  const context = { upstream: proxy ? upstream.url : null, tokens }
  await runScenarios(t, { title: `server ${serverVersion}`, serverVersion, uri: proxy?.url ?? upstream.url, context }, options)
}

/** The same stories, with a Databricks workspace for the server. */
export async function runWorkspaceScenarios(t: Test, storage: 'blob' | 'adls', options: ScenarioOptions): Promise<void> {
  t.setTimeout(15 * 60_000)
  const guarded = await startGuardedWorkspace({ storage })
  t.teardown(() => guarded.close())
  const { mlflow, workspace, settings } = guarded
  const { upstream, issuer } = settings
  const proxy = await startProxy({ upstream: workspace.url, issuer, settings: { upstream } })
  t.teardown(() => proxy.close())
  const context = { upstream: mlflow.url, tokens: await makeTokens(guarded.token), workspace: true }
  const title = `a workspace with ${storage} storage`
  // What is there in MLflow 3 besides models and traces, a workspace has in ways of its own.
  const scenarios = allScenarios.filter((scenario) => scenario !== 'families' && scenario !== 'generative')
  await runScenarios(t, { title, serverVersion: mlflow.version, uri: proxy.url, context }, { scenarios, ...options })
}
