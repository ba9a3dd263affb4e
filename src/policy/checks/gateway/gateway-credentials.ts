import type { EvaluationContext } from '../../evaluation-context.ts'
import type { GatewayFact } from '../../genai/gateway-thing.ts'
import type { Json } from '../../messages/json/json.ts'
import { parseIfJson } from '../../messages/json/json-text.ts'
import { placesMeaning } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'
import { checkProviderHasAddress } from './destinations.ts'

/** Kinds of providers by their default credentials: cloud providers use the server's own identity. */
const families = ['bedrock', 'sagemaker', 'vertex'] as const
type Family = (typeof families)[number] | 'key'

function familyOf(provider: string | undefined): Family {
  return families.find((family) => provider?.toLowerCase().includes(family)) ?? 'key'
}

const accessKeys = ['aws_access_key_id', 'aws_secret_access_key']

/** The keys that a secret needs, by its `auth_mode`, so that the server's own credentials are never used instead (mlflow/server/gateway_api.py). */
const neededKeys: Readonly<Record<Family, Readonly<Record<string, readonly string[]>>>> = {
  bedrock: { '': ['api_key'], api_key: ['api_key'], access_keys: accessKeys },
  sagemaker: { '': accessKeys, access_keys: accessKeys, iam_role: accessKeys },
  vertex: { '': ['vertex_credentials'], service_account_json: ['vertex_credentials'] },
  key: { '': ['api_key'], api_key: ['api_key'], pat_token: ['api_key'], oauth_m2m: ['client_secret'] },
}

/** Texts that the gateway's libraries replace by a variable or a file of the server. */
const reference = /^\s*(?:\$|os\.environ\/|oidc\/|file:|~|\.{0,2}\/)/i

function refuse(sentence: string): Refusal {
  return new Refusal('foreign-source', `${sentence} A secret of an environment must not use the MLflow server's own credentials.`)
}

function textsIn(value: Json | undefined): [string, string][] {
  const entries = value instanceof Map ? [...value] : []
  return entries.flatMap(([key, text]): [string, string][] => (typeof text === 'string' && text !== '' ? [[key, text]] : []))
}

function isServiceAccount(text: string): boolean {
  const value = parseIfJson(text)
  return value instanceof Map && value.get('type') === 'service_account'
}

/** A request's secret: its values, and how they are sent to the provider. */
function saidOf({ endpoint, message }: EvaluationContext) {
  const given = (meaning: 'secretValue' | 'authConfig') =>
    placesMeaning(endpoint, message, meaning).flatMap(({ value }) => textsIn(value))
  return { values: given('secretValue'), config: given('authConfig') }
}

/** The values of a secret must not refer to anything of the server's. */
export function checkSecretTexts(context: EvaluationContext): void {
  const { values, config } = saidOf(context)
  for (const [key, text] of [...values, ...config]) {
    if (reference.test(text)) throw refuse(`'${key.slice(0, 64)}' looks like a variable or a file: send the value itself.`)
    if (key === 'vertex_credentials' && !isServiceAccount(text))
      throw refuse("'vertex_credentials' must be the JSON of a service account.")
    if (key === 'auth_mode' && text === 'default_chain')
      throw refuse("The auth_mode 'default_chain' is not served: choose one with keys of its own.")
  }
}

/** A secret as it will be after the request. */
export function secretAfter(context: EvaluationContext, fact: GatewayFact): GatewayFact {
  const { values, config } = saidOf(context)
  const given = new Map(config)
  const { authMode, apiBase, ...rest } = fact
  // A configuration that is given takes the place of all that was there.
  const [mode, base] = config.length > 0 ? [given.get('auth_mode'), given.get('api_base')] : [authMode, apiBase]
  return {
    ...rest,
    ...(values.length > 0 ? { keys: values.map(([key]) => key) } : {}),
    ...(mode === undefined ? {} : { authMode: mode }),
    ...(base === undefined ? {} : { apiBase: base }),
  }
}

/** Whether a secret that a model of a provider's is asked with is all that this takes. */
export function checkSuffices({ provider = '', keys = [], authMode = '', apiBase }: GatewayFact, asked: string): void {
  checkProviderHasAddress(asked, apiBase)
  if (familyOf(asked) !== familyOf(provider)) throw refuse(`The secret is for provider '${provider}', not for '${asked}'.`)
  const needed = neededKeys[familyOf(provider)][authMode]
  if (needed === undefined)
    throw refuse(`The secret's auth_mode '${authMode}' is not served for provider '${asked}': choose one with keys of its own.`)
  const missing = needed.find((key) => !keys.includes(key))
  if (missing === undefined) return
  throw refuse(
    `The secret has no '${missing}', which provider '${asked}' requires${authMode === '' ? " without an 'auth_mode'" : ''}.`,
  )
}
