import type { Environment, ServingLimits } from '../../policy/environments/environment.ts'

/** What a limit of serving is called in a sentence: what stands before its number, and what behind. */
const limitWords: Readonly<Record<keyof ServingLimits, string>> = {
  concurrency: 'requests at once',
  throughput: 'tokens a second',
  modelUnits: 'model units',
  callsPerMinute: 'calls a minute',
  tokensPerMinute: 'tokens a minute',
}

type Row = readonly [label: string, text: string]

/** What the serving endpoints of an environment may be, in words. */
export function describeServing(environment: Environment): Row[] {
  const { sharedServingEndpoints = [], servingSecretScopes = [] } = environment
  return [
    ...list('may query', 'its own serving endpoints, and', sharedServingEndpoints),
    ...list('secrets', 'served models may be given those of', servingSecretScopes),
    ...describeModels(environment),
    ...describeLimits(environment),
  ]
}

function list(label: string, words: string, items: readonly string[]): Row[] {
  return items.length === 0 ? [] : [[label, `${words} ${items.join(', ')}`]]
}

function describeModels({ servingModels }: Environment): Row[] {
  if (servingModels === undefined) return []
  const { providers, hosts, schemas, workloadTypes = [] } = servingModels
  return [
    ...list('may serve', 'external models of', providers),
    ...list('may serve', 'models of', schemas),
    ...list('sent to', 'their providers, or', hosts),
    ...list('machines', 'of the kinds', workloadTypes),
  ]
}

function describeLimits({ servingLimits = {} }: Environment): Row[] {
  const said = Object.entries(limitWords).flatMap(([key, words]) => {
    const most = Object.entries(servingLimits).find(([name]) => name === key)?.[1]
    return most === undefined ? [] : [`${most} ${words}`]
  })
  return list('serves', 'at most', said)
}
