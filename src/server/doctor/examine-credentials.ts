import { decodeJwt } from 'jose'
import type { Config, UpstreamCredentials } from '../config/config-types.ts'
import { databricksAudience } from '../config/databricks-audience.ts'
import { readPasswordFile, readSecretFile } from '../config/secret-file.ts'
import { openCredentials } from '../credentials/open-credentials.ts'
import { basicAuthorization } from '../network/basic-authorization.ts'
import { describeNetworkError } from '../network/network-error.ts'
import type { Asker, Staffed } from './asker.ts'
import { isWelcome, knock, refusalOf } from './examine-reach.ts'
import { type Finding, findingsOf } from './finding.ts'
import { objectsIn, type Probe, textIn } from './probe.ts'

/** The audience that Microsoft Entra ID put in a token; null for Databricks' own tokens, which are for whoever issued them. */
function audienceOf(token: string): string | null {
  try {
    const { aud, iss = '' } = decodeJwt(token)
    return typeof aud === 'string' && !/\/oidc(?:\/|$)/.test(iss) ? aud : null
  } catch {
    return null
  }
}

function wrongAudience(token: string, config: Config): string | null {
  const audience = audienceOf(token)
  return config.upstream.kind === 'databricks' && audience !== null && audience !== databricksAudience ? audience : null
}

/** What the upstream is asked with; null: nothing. Throws why there is nothing. */
async function authorizationOf(config: Config, credentials: UpstreamCredentials, caller: string | null): Promise<string | null> {
  if (credentials.mode === 'none') return null
  if (credentials.mode === 'passthrough') return caller === null ? null : `Bearer ${caller}`
  // Read here, because a file that cannot be read says more than that there are no credentials.
  if (credentials.mode === 'token') return `Bearer ${readSecretFile(credentials.file)}`
  if (credentials.mode === 'basic') return basicAuthorization(credentials.username, readPasswordFile(credentials.passwordFile))
  const source = openCredentials(credentials, { log: { warn: () => undefined }, outbound: config.outbound })
  try {
    return (await source.read({ authorization: caller === null ? null : `Bearer ${caller}` })).authorization ?? null
  } catch (error) {
    throw error instanceof Error && error.cause !== undefined ? error.cause : error
  }
}

/** Who was let in, or what kept them out. */
interface Attempt {
  readonly asker: Asker | null
  readonly findings: readonly Finding[]
}

const shutOut = (...findings: readonly Finding[]): Attempt => ({ asker: null, findings })

/** Who somebody with a token is upstream; the findings say why nobody. */
async function enter(config: Config, probe: Probe, authorization: string, of: string, about: string | null): Promise<Attempt> {
  const { problem, fine } = findingsOf(about)
  const audience = wrongAudience(authorization.replace(/^Bearer /, ''), config)
  if (audience !== null) return shutOut(problem('credentials-audience', `${of} are tokens for ${audience}.`))
  const said = await knock(config, probe, authorization)
  if (!isWelcome(config, said)) {
    const remedy =
      config.upstream.kind === 'databricks'
        ? 'Add the identity to the workspace, and check that its token is valid.'
        : 'Check that MLflow knows them.'
    const message = `${of} are not accepted by the upstream (${said.outcome}).`
    return shutOut(refusalOf(config, said) ?? problem('credentials-refused', message, remedy))
  }
  const admin = objectsIn(said.object ?? null, 'groups').some((group) => textIn(group, 'display') === 'admins')
  const asker: Asker = { authorization, name: textIn(said.object ?? undefined, 'userName'), admin }
  const who = asker.name === null ? '' : `, as ${asker.name}`
  return { asker, findings: [fine('credentials', `${of} are accepted${who}.`)] }
}

/** Whether the upstream lets in whoever has no credentials. */
async function enterWithout(config: Config, probe: Probe, about: string | null): Promise<Attempt> {
  const said = await knock(config, probe, null)
  if (isWelcome(config, said)) return { asker: { authorization: null, name: null, admin: false }, findings: [] }
  const message = 'The upstream requires credentials, but none are configured.'
  const refused = findingsOf(about).problem('credentials-refused', message, 'Write upstream.credentials.')
  return shutOut(refusalOf(config, said) ?? refused)
}

/** Whether callers are in the upstream as who they are. */
function isCallers({ mode }: UpstreamCredentials): boolean {
  return mode === 'passthrough' || mode === 'onBehalfOf'
}

function describe(credentials: UpstreamCredentials): string {
  if (credentials.mode === 'servicePrincipal') return `The credentials of service principal ${credentials.clientId}`
  if (credentials.mode === 'workloadIdentity')
    return `The credentials of workload identity ${credentials.clientId ?? ''}`.trimEnd()
  if (credentials.mode === 'managedIdentity') return 'The credentials of the managed identity'
  if (credentials.mode === 'onBehalfOf') return "The credentials that the caller's token is exchanged for"
  if (credentials.mode === 'token') return `The credentials in ${credentials.file}`
  if (credentials.mode === 'basic') return `The credentials of user ${credentials.username}`
  return "The caller's own credentials"
}

async function tryCredentials(
  config: Config,
  probe: Probe,
  credentials: UpstreamCredentials,
  caller: string | null,
  about: string | null,
): Promise<Attempt> {
  const { problem, note } = findingsOf(about)
  const of = describe(credentials)
  let authorization: string | null
  try {
    authorization = await authorizationOf(config, credentials, caller)
  } catch (error) {
    return shutOut(problem('credentials-missing', `${of} are not available: ${describeNetworkError(error)}.`))
  }
  if (authorization !== null) return enter(config, probe, authorization, of, about)
  if (!isCallers(credentials)) return enterWithout(config, probe, about)
  return shutOut(note('credentials-untried', 'What callers can do upstream with their own tokens was not checked.'))
}

/** Tokens of callers that the upstream will not take, since they are passed on and are for somebody else. */
function checkAudiences({ upstream, authentication }: Config): readonly Finding[] {
  const modes = [upstream.credentials, ...Object.values(upstream.credentialsOf ?? {})].map(({ mode }) => mode)
  if (upstream.kind !== 'databricks' || !modes.includes('passthrough')) return []
  const others = authentication.issuers
    .flatMap(({ audiences }) => audiences)
    .filter((audience) => audience !== databricksAudience)
  if (others.length === 0) return []
  const message = `The proxy accepts tokens for ${others.join(' and ')}, which Databricks refuses when they are passed on.`
  return [findingsOf(null).problem('callers-audience', message)]
}

/** Are the configured credentials good, each of them once, and who is in the upstream with them? */
export async function checkCredentials(config: Config, probe: Probe, caller: string | null) {
  const { credentials, credentialsOf = {} } = config.upstream
  const tried = new Map<string, Promise<Attempt>>()
  const staff: Staffed[] = []
  const findings: Finding[] = [...checkAudiences(config)]
  for (const environment of config.environments) {
    const own = credentialsOf[environment.name]
    const each = own ?? credentials
    const key = JSON.stringify(each)
    const known = tried.get(key)
    const attempt = known ?? tryCredentials(config, probe, each, caller, own === undefined ? null : environment.name)
    tried.set(key, attempt)
    const { asker, findings: found } = await attempt
    if (known === undefined) findings.push(...found)
    staff.push({ environment, asker, passthrough: isCallers(each) })
  }
  return { staff, findings }
}
