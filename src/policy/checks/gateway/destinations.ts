import type { EvaluationContext } from '../../evaluation-context.ts'
import { destinationProblem } from '../../locations/destination.ts'
import type { Json } from '../../messages/json/json.ts'
import { parseIfJson } from '../../messages/json/json-text.ts'
import { placesMeaning } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'

/** Keys of a secret or its configuration that say where requests go to. */
const destinationKey = /(?:^|_)(?:base|url|uri|endpoint|proxy)$/i
/** Keys that may hold a host alone. */
const hostKey = /(?:^|_)(?:host|hostname|server|domain)$/i
/** Parts of names of hosts, which a cloud's client library builds an address with. */
const partKey = /(?:^|_)(?:region|region_name|location|project|account|account_id|zone)$/i
/** Options of LiteLLM that hold other destinations (mlflow/utils/validation.py). */
const reserved: ReadonlySet<string> = new Set([
  'model_list',
  'fallbacks',
  'custom_llm_provider',
  'base_url',
  'extra_headers',
  'headers',
])
/** Providers whose server is on the local machine unless an address is given (LiteLLM). */
const onThisMachine = /ollama|llamafile|lm_?studio|vllm|xinference|docker_model_runner|lemonade|oobabooga|petals|triton|infinity/i

type Asked = Pick<EvaluationContext, 'endpoint' | 'message' | 'config' | 'environment'>

function refuse(sentence: string): Refusal {
  return new Refusal('foreign-source', sentence)
}

/** Refuses an address inside the network: the upstream has rights there that the caller has not. */
function checkDestination({ config, environment }: Asked, what: string, text: string): void {
  const problem = destinationProblem(text, { allowed: environment.gatewayHosts ?? [], own: config.ownHosts ?? [] })
  if (problem === null) return
  throw refuse(
    `The address in '${what.slice(0, 64)}' ${problem}. MLflow may call public https addresses, and hosts that the configuration lists in the environment's gatewayHosts.`,
  )
}

function checkText(asked: Asked, key: string, text: string): void {
  if (text === '') return
  const isAddress = /^\s*(?:[a-z][a-z0-9+.-]*:)?[/\\]{2}/i.test(text)
  if (hostKey.test(key) && !isAddress) checkDestination(asked, key, `https://${text}`)
  else if (destinationKey.test(key) || isAddress) checkDestination(asked, key, text)
  if (partKey.test(key) && !/^[A-Za-z0-9](?:[A-Za-z0-9:._-]{0,62}[A-Za-z0-9])?$/.test(text))
    throw refuse(`'${key.slice(0, 64)}' is part of an address: use only letters, digits and dashes.`)
}

/** A provider's credentials may be JSON in which addresses stand: to whom a service account shows itself. */
function checkValue(asked: Asked, key: string, value: Json): void {
  if (Array.isArray(value)) for (const item of value) checkValue(asked, key, item)
  else if (value instanceof Map) for (const [name, item] of value) checkValue(asked, name, item)
  else if (typeof value === 'string') {
    const inner = /^\s*[[{]/.test(value) ? parseIfJson(value) : undefined
    if (inner === undefined) checkText(asked, key, value)
    else checkValue(asked, key, inner)
  }
}

/** The addresses in an AI gateway secret and its configuration. */
function checkSecret(asked: Asked): void {
  const { endpoint, message } = asked
  const maps = placesMeaning(endpoint, message, 'secretValue', 'authConfig').flatMap(({ value }) =>
    value instanceof Map ? [value] : [],
  )
  const chosen = maps.flatMap((map) => [...map.keys()]).find((key) => reserved.has(key.toLowerCase()))
  if (chosen !== undefined) {
    throw refuse(`'${chosen}' sets where the gateway sends requests. Use 'api_base' instead, which is checked.`)
  }
  for (const map of maps) checkValue(asked, '', map)
}

/** Where a provider's own address is the server's machine, a secret says another. */
export function checkProviderHasAddress(provider: string, apiBase: string | undefined): void {
  if (!onThisMachine.test(provider) || (apiBase ?? '') !== '') return
  throw refuse(
    `Without 'api_base' the MLflow server calls provider '${provider.slice(0, 64)}' on its own machine. Set the address in the secret's auth_config.`,
  )
}

/** Every address to which MLflow is told to send requests. */
export function checkDestinations(asked: Asked): void {
  const { endpoint, message } = asked
  // Some providers' models are named by their addresses.
  for (const { selector, value } of placesMeaning(endpoint, message, 'providersModel')) {
    if (typeof value === 'string' && /:\/|:\\|^\s*[/\\]/.test(value)) checkDestination(asked, selector, value)
  }
  checkSecret(asked)
}
