import type { Environment, PolicyConfig } from '../environments/environment.ts'
import { destinationProblem } from '../locations/destination.ts'
import type { Json, JsonObject } from '../messages/json/json.ts'
import { isOwnSecret } from './serving-endpoints.ts'

type Here = { readonly environment: Environment; readonly config: Pick<PolicyConfig, 'ownHosts'> }

/** Where a provider's account stands in an external model (databricks-sdk's `ExternalModel`). */
const accounts: Readonly<Record<string, string>> = {
  ai21labs: 'ai21labs_config',
  'amazon-bedrock': 'amazon_bedrock_config',
  anthropic: 'anthropic_config',
  cohere: 'cohere_config',
  custom: 'custom_provider_config',
  'databricks-model-serving': 'databricks_model_serving_config',
  'google-cloud-vertex-ai': 'google_cloud_vertex_ai_config',
  openai: 'openai_config',
  palm: 'palm_config',
}

/**
 * What a field of an account holds. `secret`: a reference to a secret. `plaintext`: the secret itself. `identity`: one that belongs to the
 * whole workspace. `address`: where requests are sent to. `part`: a plain word, which may become a part of an address or header.
 */
type Holds = 'secret' | 'plaintext' | 'identity' | 'address' | 'part'

const fields: Readonly<Record<string, Holds>> = {
  ai21labs_api_key: 'secret',
  anthropic_api_key: 'secret',
  aws_access_key_id: 'secret',
  aws_secret_access_key: 'secret',
  cohere_api_key: 'secret',
  databricks_api_token: 'secret',
  microsoft_entra_client_secret: 'secret',
  openai_api_key: 'secret',
  palm_api_key: 'secret',
  private_key: 'secret',
  token: 'secret',
  value: 'secret',
  instance_profile_arn: 'identity',
  uc_service_credential_name: 'identity',
  cohere_api_base: 'address',
  custom_provider_url: 'address',
  databricks_workspace_url: 'address',
  openai_api_base: 'address',
  aws_region: 'part',
  bedrock_provider: 'part',
  key: 'part',
  microsoft_entra_client_id: 'part',
  microsoft_entra_tenant_id: 'part',
  openai_api_type: 'part',
  openai_api_version: 'part',
  openai_deployment_name: 'part',
  openai_organization: 'part',
  project_id: 'part',
  region: 'part',
}

/** What a field of a provider's account holds; undefined for one that nobody has looked at. */
export function holdsOf(field: string): Holds | undefined {
  return field.endsWith('_plaintext') ? 'plaintext' : fields[field]
}

/** Ways to log in, each with fields of its own. */
const logins = ['api_key_auth', 'bearer_token_auth']
const plainWord = /^[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,126}[A-Za-z0-9])?$/
/** As providers call their models: `meta-llama/Llama-3`, `anthropic.claude-v2:1`. */
const modelName = /^[A-Za-z0-9](?:[A-Za-z0-9._:@/-]{0,253}[A-Za-z0-9])?$/

function isGiven(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== ''
}

function addressProblem({ environment, config }: Here, field: string, address: string): string | null {
  const hosts = environment.servingModels?.hosts ?? []
  const [, host = ''] = /^https:\/\/([^/?#]*)/i.exec(address) ?? []
  const listed = hosts.includes(host.toLowerCase().replace(/:443$/, ''))
  const problem = destinationProblem(address, { allowed: hosts, own: config.ownHosts ?? [] })
  const reason = problem ?? (listed ? null : 'has another host')
  if (reason === null) return null
  return `the address in '${field}' ${reason}. External models may only use https addresses of hosts that the configuration lists for environment '${environment.name}' under servingModels.hosts`
}

function fieldProblem(here: Here, field: string, value: Json): string | null {
  const { environment } = here
  const name = field.slice(0, 64)
  if (!isGiven(value)) return null
  switch (holdsOf(field)) {
    case 'secret':
      if (typeof value === 'string' && isOwnSecret(environment, value)) return null
      return `'${name}' must refer to a secret as {{secrets/<scope>/<key>}}, in a scope that the configuration lists for environment '${environment.name}' under servingSecretScopes`
    case 'plaintext':
      return `leave out '${name}': never send a secret in a request. Put it into a secret scope, and refer to it as {{secrets/<scope>/<key>}} in '${name.replace(/_plaintext$/, '')}'`
    case 'identity':
      return `leave out '${name}': it is an identity of the whole workspace. Use keys of your own as {{secrets/<scope>/<key>}}`
    case 'address':
      return typeof value === 'string' ? addressProblem(here, name, value) : `'${name}' is not an address`
    case 'part':
      return typeof value === 'string' && plainWord.test(value)
        ? null
        : `'${name}' may contain only letters, digits, dots, dashes, underscores and colons`
    case undefined:
      return `leave out '${name}', which this proxy does not know`
  }
}

/** What is wrong with an account with a provider, as `externalModelProblem`. */
export function accountProblem(here: Here, account: Json | undefined): string | null {
  if (!(account instanceof Map)) return null
  for (const [field, value] of account) {
    const problem = logins.includes(field) ? accountProblem(here, value) : fieldProblem(here, field, value)
    if (problem !== null) return problem
  }
  return null
}

/**
 * What is wrong with an external model for callers of the environment, as a sentence without its capital and full stop; null where nothing is.
 * It may be of a provider that the configuration names, with secrets of the environment's own scopes, and is sent to known hosts alone.
 */
export function externalModelProblem(here: Here, model: JsonObject): string | null {
  const { name: environment, servingModels } = here.environment
  const [provider, name] = [model.get('provider'), model.get('name')]
  if (typeof provider !== 'string' || servingModels?.providers.includes(provider) !== true) {
    return `external models of provider '${String(provider ?? '').slice(0, 64)}' are not served in environment '${environment}'. Its configuration must list the provider under servingModels.providers: ask the operators of the proxy`
  }
  if (typeof name !== 'string' || !modelName.test(name) || /(?:^|\/)\.{0,2}(?:\/|$)/.test(name))
    return "the 'name' of an external model must be its provider's name for it, with only letters, digits and . _ : @ / -"
  const own = accounts[provider]
  for (const [key, value] of model) {
    if (['provider', 'name', 'task'].includes(key)) continue
    if (key !== own && isGiven(value)) return `leave out '${key.slice(0, 64)}': it does not belong to provider '${provider}'`
  }
  return accountProblem(here, own === undefined ? undefined : model.get(own))
}
