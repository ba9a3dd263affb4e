import { Command, InvalidArgumentError, Option } from 'commander'
import { Refusal } from '../policy/reasons.ts'
import { ConfigError } from '../server/config/config-problem.ts'
import type { Config } from '../server/config/config-types.ts'
import { explainByMlflow } from './explain/asked-mlflow.ts'
import { describeExplanation, describeWay, explanationData } from './explain/describe-explanation.ts'
import { type Asked, type Explanation, explainRequest, findWay } from './explain/explanation.ts'
import { FactsError, factsGiven, type GivenFacts, noFacts } from './explain/given-facts.ts'
import { explainPlan } from './explain-plan.ts'
import { readFacts } from './policy-tests/policy-tests-schema.ts'
import { readRequest } from './policy-tests/run-policy-test.ts'
import type { Shell } from './shell.ts'
import { configOption, withConfig } from './with-config.ts'

interface Options {
  readonly config: string
  readonly groups: readonly string[]
  readonly databricks?: true
  readonly plan?: true
  readonly offline?: true
  readonly facts?: GivenFacts
  readonly json?: true
}

/** 1 and 2 mean the same as in every command. */
const exitCodes: Readonly<Record<Explanation['decision'], number>> = { allow: 0, answered: 0, deny: 3, undecided: 4 }

function commaSeparated(text: string): readonly string[] {
  if (text === '') throw new InvalidArgumentError('Name at least one.')
  return text.split(',')
}

function factsOption(text: string): GivenFacts {
  try {
    return readFacts(text)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new InvalidArgumentError(error.message)
  }
}

function explain(config: Config, asked: Asked, { offline, facts }: Options): Promise<Explanation> {
  if (facts !== undefined) {
    const source = factsGiven(config, facts)
    return explainRequest(config, asked, () => source)
  }
  return offline ? explainRequest(config, asked, () => noFacts) : explainByMlflow(config, asked)
}

/** The plan of the request's endpoint; null where there is none, which its explanation says. */
function planFor(config: Config, asked: Asked): string | null {
  try {
    const way = findWay(config, asked)
    return 'decision' in way ? null : describeWay(way) + explainPlan(way.endpoint)
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

async function answer(shell: Shell, config: Config, asked: Asked, options: Options): Promise<number> {
  const plan = options.plan ? planFor(config, asked) : null
  if (plan !== null) {
    shell.terminal.out(plan)
    return 0
  }
  try {
    const explanation = await explain(config, asked, options)
    const text = options.json ? `${JSON.stringify(explanationData(explanation), null, 2)}\n` : describeExplanation(explanation)
    shell.terminal.out(text)
    return exitCodes[explanation.decision]
  } catch (error) {
    if (!(error instanceof FactsError)) throw error
    shell.terminal.err(`mlflow-env-proxy: ${error.message}\n`)
    return 2
  }
}

/** Explains a request, given as on the command line. */
function explainGiven(shell: Shell, method: string, path: string, body: string, options: Options): Promise<number> {
  const secrets = options.offline || options.facts !== undefined ? 'elsewhere' : 'here'
  const work = (config: Config) => {
    const mode = options.databricks ? 'databricks' : 'http'
    const request = readRequest(`${method.toUpperCase()} ${path}`)
    return answer(shell, config, { ...request, groups: options.groups, environment: null, mode, body }, options)
  }
  return withConfig(shell, options.config, work, { secrets })
}

const examples = `
Examples:
  mlflow-env-proxy explain -c proxy.yaml --groups apps_acc GET '/api/2.0/mlflow/registered-models/get?name=fraud'
  mlflow-env-proxy explain -c proxy.yaml --groups apps_acc --offline GET registered-models/get?name=fraud`

/** Explains what would happen to a request, and why. */
export function explainCommand(shell: Shell): Command {
  return new Command('explain')
    .summary('what would happen to a request, and why')
    .description(
      'Says what would happen to this request of a caller in these groups, and why. It asks MLflow what it must know, and changes nothing;\n' +
        'with --facts or --offline it asks nobody, and reads no secrets.\n' +
        'Exit code 0: allowed, 3: refused, 4: undecided, 1: the configuration is wrong, 2: the command line is wrong.',
    )
    .argument('<method>', 'of HTTP')
    .argument('<path>', 'with its query; without a slash before it, below /api/2.0/mlflow/')
    .argument('[body]', 'JSON', '')
    .addOption(configOption().makeOptionMandatory())
    .requiredOption('--groups <group,group>', 'the groups and app roles of the caller', commaSeparated)
    .option('--databricks', 'a client in Databricks mode, which uses databricksHost')
    .option('--plan', 'what is done with every request to the endpoint, instead of a decision')
    .option('--offline', 'ask nobody: where a fact is needed, the decision is open')
    .addOption(
      new Option(
        '--facts <file>',
        'what MLflow has, in a file or as YAML itself: { runs: [{ id: …, environment: acc }] }',
      ).argParser(factsOption),
    )
    .option('--json', 'for programs')
    .addHelpText('after', examples)
    .action(
      shell.action((method: string, path: string, body: string, options: Options) =>
        explainGiven(shell, method, path, body, options),
      ),
    )
}
