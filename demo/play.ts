import type { Attempt, Findings, View } from './findings.ts'
import { showStep } from './progress.ts'
import { askScript, runScript, type Standpoint } from './python-script.ts'
import type { Surroundings } from './surroundings.ts'
import { administratorsStandpoint, countStored } from './workspace.ts'

async function lookAround(standpoint: Standpoint): Promise<View> {
  return JSON.parse(await askScript('look.py', standpoint))
}

async function trespass(standpoint: Standpoint, args: readonly string[]): Promise<Attempt[]> {
  return JSON.parse(await askScript('trespass.py', standpoint, args))
}

async function train(standpoint: Standpoint): Promise<void> {
  const output = await runScript('train.py', standpoint)
  if (!output.includes('fraud version 1 loaded back')) throw new Error(`train.py did not load its model:\n${output}`)
}

type Stage = Pick<Surroundings, 'mlflow' | 'workspace' | 'entra' | 'proxy' | 'tokens'>

/** The three applications train, then each lists what it sees, then acc tries what is forbidden. */
export async function play({ mlflow, workspace, entra, proxy, tokens }: Stage): Promise<Findings> {
  for (const [name, token] of Object.entries(tokens)) {
    await showStep(`train.py as ${name}: trains, registers fraud, loads it back`, train({ uri: proxy.url, token }))
  }
  const seen: Record<string, View> = {}
  for (const [name, token] of Object.entries(tokens)) {
    seen[name] = await showStep(`${name} looks around`, lookAround({ uri: proxy.url, token }))
  }
  const past = workspace === null ? { uri: mlflow.url } : await administratorsStandpoint(workspace, entra)
  const behind = workspace === null ? 'MLflow itself' : 'the workspace itself'
  const stored = await showStep(`a look into ${behind}, past the proxy`, lookAround(past))
  const runOfProd = seen.prod?.versions[0]?.run ?? 'none'
  const asAcc = { uri: proxy.url, token: tokens.acc ?? '' }
  const doors = [runOfProd, ...(workspace === null ? [] : [workspace.url])]
  const attempts = await showStep('acc tries what it may not', trespass(asAcc, doors))
  return { seen, stored, attempts, ...(workspace === null ? {} : { files: await countStored(workspace) }) }
}
