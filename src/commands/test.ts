import { dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { ConfigError } from '../server/config/config-problem.ts'
import type { Config } from '../server/config/config-types.ts'
import { FactsError } from './explain/given-facts.ts'
import { describeResults, printResults, type TestResult } from './policy-tests/describe-outcomes.ts'
import { readPolicyTests } from './policy-tests/policy-tests-schema.ts'
import { runPolicyTest } from './policy-tests/run-policy-test.ts'
import type { Shell } from './shell.ts'
import { configOption, withConfig } from './with-config.ts'

interface Options {
  readonly config?: string
  readonly json?: true
}

async function runTests(config: Config, { data, placeOf }: ReturnType<typeof readPolicyTests>): Promise<readonly TestResult[]> {
  const { facts = {}, cases } = data
  const results: TestResult[] = []
  for (const [index, each] of cases.entries()) {
    const line = placeOf(['cases', index])?.line ?? 0
    results.push({ name: each.name, line, ...(await runPolicyTest(config, facts, each)) })
  }
  return results
}

/** Tests a configuration's policy, without MLflow. */
export function testCommand(shell: Shell): Command {
  const command = new Command('test')
  const test = async (file: string, { config: given, json }: Options): Promise<number> => {
    const tests = readPolicyTests(file)
    const { config: named } = tests.data
    const configFile = given ?? (named === undefined ? undefined : resolve(dirname(file), named))
    if (configFile === undefined) return command.error('error: which configuration? Write --config, or `config` in the file')
    return withConfig(
      shell,
      configFile,
      async (config) => {
        const results = await runTests(config, tests)
        shell.terminal.out(json ? printResults(file, results) : describeResults(file, results))
        return results.some(({ differences }) => differences.length > 0) ? 1 : 0
      },
      { secrets: 'elsewhere' },
    )
  }
  return command
    .summary("test a configuration's policy, without MLflow")
    .description(
      'Decides about the requests in a file, with the facts that it gives, and compares the decisions with what the file expects.\n' +
        'It asks nobody, and reads no secrets. docs/policy-tests.md describes the file.\n' +
        'Exit code 0: all passed, 1: one failed, or the configuration is wrong, 2: the file or the command line is wrong.',
    )
    .argument('<file>', 'policy tests, YAML')
    .addOption(configOption())
    .option('--json', 'for programs')
    .action(
      shell.action(async (file: string, options: Options) => {
        try {
          return await test(file, options)
        } catch (error) {
          if (!(error instanceof ConfigError || error instanceof FactsError)) throw error
          shell.terminal.err(`${error.message}\n`)
          return 2
        }
      }),
    )
}
