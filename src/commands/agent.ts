import { Command } from 'commander'
import type { AgentOptions } from '../server/agent/agent-settings.ts'
import type { Shell } from './shell.ts'

/** Runs the thin sidecar, which keeps running after the command has returned. */
export function agentCommand(shell: Shell): Command {
  const run = async (options: AgentOptions) => {
    const { readAgentSettings, AgentProblem } = await import('../server/agent/agent-settings.ts')
    const { runAgent } = await import('../server/agent/run-agent.ts')
    try {
      await runAgent(readAgentSettings(options, shell.env))
      return 0
    } catch (error) {
      if (!(error instanceof AgentProblem)) throw error
      shell.terminal.err(`${error.message}\n`)
      return 1
    }
  }
  return new Command('agent')
    .summary('add a token to the requests of one pod, and pass them to the proxy')
    .description(
      'Runs beside a program, adds a token of its own to every request, renews it, and passes everything to the proxy of the cluster,\n' +
        'which decides. Without further options the identity is that of Azure’s workload identity, or else the managed identity of\n' +
        'the container app or virtual machine.',
    )
    .requiredOption('--to <url>', 'the proxy; /env/NAME at its end chooses an environment')
    .option('--audience <uri>', 'the application of the proxy in Microsoft Entra ID, for example api://mlflow-env-proxy')
    .option('--listen <address>', 'where the programs of this pod find it', '127.0.0.1:5000')
    .option('--probes <address>', 'where the kubelet finds /livez and /readyz, for example 0.0.0.0:9465')
    .option('--client-id <id>', 'the application or managed identity')
    .option('--tenant-id <id>', 'its tenant')
    .option('--federated-token-file <file>', 'the projected token, instead of AZURE_FEDERATED_TOKEN_FILE')
    .option('--client-secret-file <file>', 'a file with the secret of the application')
    .option('--certificate-file <file>', 'a PEM file with its certificate and private key')
    .option('--token-file <file>', 'a file with a token that something else renews')
    .option('--authority <url>', 'the issuer', 'https://login.microsoftonline.com')
    .option('--ca-file <file>', 'certificate authorities that are trusted in addition, PEM')
    .action(shell.action(run))
}
