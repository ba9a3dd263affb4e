import type { Attempt, Findings, View } from './findings.ts'
import { showStep } from './progress.ts'
import { askScript, runScript, type Standpoint } from './python-script.ts'
import type { Surroundings } from './surroundings.ts'

async function lookAround(standpoint: Standpoint): Promise<View> {
  return JSON.parse(await askScript('look.py', standpoint))
}

async function trespass(standpoint: Standpoint, runOfProd: string): Promise<Attempt[]> {
  return JSON.parse(await askScript('trespass.py', standpoint, [runOfProd]))
}

async function train(standpoint: Standpoint): Promise<void> {
  const output = await runScript('train.py', standpoint)
  if (!output.includes('fraud version 1 loaded back')) throw new Error(`train.py did not load its model:\n${output}`)
}

/** The three applications train, then everybody looks around, then acc tries what it may not. */
export async function play({ mlflow, proxy, tokens }: Surroundings): Promise<Findings> {
  for (const [name, token] of Object.entries(tokens)) {
    await showStep(`train.py as ${name}: trains, registers fraud, loads it back`, train({ uri: proxy.url, token }))
  }
  const seen: Record<string, View> = {}
  for (const [name, token] of Object.entries(tokens)) {
    seen[name] = await showStep(`${name} looks around`, lookAround({ uri: proxy.url, token }))
  }
  const stored = await showStep('a look into MLflow itself, past the proxy', lookAround({ uri: mlflow.url }))
  const runOfProd = seen.prod?.versions[0]?.run ?? 'none'
  const asAcc = { uri: proxy.url, token: tokens.acc ?? '' }
  return { seen, stored, attempts: await showStep('acc tries what it may not', trespass(asAcc, runOfProd)) }
}
