import { Command, InvalidArgumentError } from 'commander'
import { type Decision, decide } from '../policy/decide.ts'
import type { OpenEndpoint } from '../policy/endpoints/endpoint.ts'
import { findEndpoint } from '../policy/endpoints/find-endpoint.ts'
import { chooseEnvironment, isAdministrator, isReader } from '../policy/environments/choose-environment.ts'
import { type ClientMode, type Environment, serverKindOf } from '../policy/environments/environment.ts'
import { decodeRequest } from '../policy/messages/decode-request.ts'
import { type Reason, Refusal, reasons } from '../policy/reasons.ts'
import { upstreamRequest } from '../rewrite/request/upstream-request.ts'
import type { Config } from '../server/config/config-types.ts'
import { openUpstream } from '../server/databricks/open-upstream.ts'
import { evaluate } from '../server/facts/evaluate.ts'
import { FactCaches } from '../server/facts/fact-cache.ts'
import { MlflowFacts } from '../server/facts/mlflow-facts.ts'
import { addressParts } from '../server/http/addresses.ts'
import { readPathParams } from '../server/http/path-params.ts'
import { explainPlan } from './explain-plan.ts'
import type { Shell } from './shell.ts'
import { configOption, withConfig } from './with-config.ts'

interface Asked {
  readonly groups: readonly string[]
  readonly mode: ClientMode
  readonly method: string
  readonly target: string
  readonly body: string
  /** Show the endpoint's plan without sending any look-ups. */
  readonly plan: boolean
}

function refuse(reason: Reason, message: string): string {
  if (reason === 'upstream-unavailable') return `undecided    ${message}\n`
  const { status, errorCode } = reasons[reason]
  return `denied       ${reason} (${status} ${errorCode})\nmessage      ${message}\n`
}

/** The caller: their environment, and what they are in it. */
interface Asker {
  readonly environment: Environment
  readonly administrator: boolean
  readonly reader: boolean
}

async function judge(
  config: Config,
  { environment, administrator, reader }: Asker,
  endpoint: OpenEndpoint,
  asked: Asked,
  path: string,
) {
  const [, ...queries] = asked.target.split('?')
  const upstream = openUpstream(config.upstream)
  const nobody = { authorization: null, environment: environment.name }
  try {
    const raw = {
      method: asked.method,
      rawQuery: queries.join('?'),
      body: Buffer.from(asked.body),
      contentType: 'application/json',
      pathParams: readPathParams(endpoint, path),
    }
    const message = decodeRequest(endpoint, raw, config)
    const world = new MlflowFacts({ upstream, memory: new FactCaches(), caller: nobody })
    const request = { endpointName: endpoint.name, endpoint, message, mode: asked.mode, administrator, reader }
    return await evaluate(decide(config, environment, request), world)
  } finally {
    await upstream.close()
  }
}

function tell(decision: Decision): string {
  if ('deny' in decision) return refuse(decision.deny.reason, decision.deny.message)
  const { context } = decision.allow
  const references = context.references.map(({ kind, logical, upstream }) => `${kind.padEnd(12)} ${logical} is ${upstream}\n`)
  if (context.missing.length > 0) return `allowed\n${context.missing.map((name) => `makes first  ${name}\n`).join('')}`
  const request = upstreamRequest(decision.allow)
  const body = request.body === null ? '' : `body         ${request.body}\n`
  return `allowed\n${references.join('')}upstream     ${request.method} ${request.target}\n${body}`
}

async function explainRequest(config: Config, asked: Asked): Promise<string> {
  const { environment: named, path } = addressParts({ url: asked.target })
  const principal = {
    tenantId: 'explain',
    objectId: 'explain',
    kind: 'application',
    groups: asked.groups,
  } as const
  if (asked.mode === 'databricks' && config.databricksHost === undefined) {
    return refuse(
      'unknown-endpoint',
      'There is no listener for clients in Databricks mode: the configuration has no databricksHost.',
    )
  }
  const environment = chooseEnvironment(config, principal, named)
  const found = findEndpoint(asked.method, path, serverKindOf(config), asked.mode)
  if (found === null) return refuse('unknown-endpoint', 'No MLflow server that this proxy knows has this method and path.')
  if ('closed' in found && found.closed.local) return `by itself    ${found.closed.closed}\n`
  if ('closed' in found) return refuse(found.closed.hidden ? 'unknown-endpoint' : 'closed-endpoint', found.closed.closed)
  const administrator = isAdministrator(environment, principal)
  const reader = isReader(environment, principal)
  const where = `environment  ${environment.name}${administrator ? ' (as an administrator)' : reader ? ' (as a reader)' : ''}\n`
  const said = `${where}endpoint     ${found.open.name} (${found.open.action} of ${found.open.resource})\n`
  if (asked.plan) return said + explainPlan(found.open)
  return said + tell(await judge(config, { environment, administrator, reader }, found.open, asked, path))
}

async function explain(config: Config, asked: Asked): Promise<string> {
  try {
    return await explainRequest(config, asked)
  } catch (error) {
    if (error instanceof Refusal) return refuse(error.reason, error.message)
    throw error
  }
}

function readGroups(text: string): readonly string[] {
  if (text === '') throw new InvalidArgumentError('Name at least one.')
  return text.split(',')
}

/** Explains what would happen to a request, and why. */
export function explainCommand(shell: Shell): Command {
  interface Options {
    readonly config: string
    readonly groups: readonly string[]
    readonly databricks?: true
    readonly plan?: boolean
  }
  return new Command('explain')
    .summary('what would happen to a request, and why')
    .description(
      'Says what would happen to this request of a caller in these groups, and why. It asks MLflow what it must know, and changes nothing.',
    )
    .argument('<method>', 'of HTTP')
    .argument('<path>', 'with its query')
    .argument('[body]', 'JSON', '')
    .addOption(configOption().makeOptionMandatory())
    .requiredOption('--groups <group,group>', 'the groups and app roles of the caller', readGroups)
    .option('--databricks', 'a client in Databricks mode, who comes by databricksHost')
    .option('--plan', 'what is done with every request to the endpoint, in the place of a decision')
    .addHelpText(
      'after',
      "\nExample: mlflow-env-proxy explain -c proxy.yaml --groups apps_acc GET '/api/2.0/mlflow/registered-models/get?name=fraud'",
    )
    .action(
      shell.action((method: string, target: string, body: string, { config: file, groups, databricks, plan = false }: Options) =>
        withConfig(shell, file, async (config) => {
          const mode = databricks ? 'databricks' : 'http'
          shell.terminal.out(await explain(config, { groups, mode, method: method.toUpperCase(), target, body, plan }))
          return 0
        }),
      ),
    )
}
