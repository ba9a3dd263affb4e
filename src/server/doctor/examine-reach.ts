import { describedVersions } from '../../policy/generated/messages.ts'
import type { Config } from '../config/config-types.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { checkUpstreamAuthentication, ownRefusalOf } from '../upstream/authentication-errors.ts'
import { refuseIntermediary } from '../upstream/intermediaries.ts'
import { describeAnother, isClosedByAnother, isFromAnother } from '../upstream/not-mlflow.ts'
import { openQuestions } from '../upstream/open-questions.ts'
import { workspaceRefusal } from '../upstream/workspace-answers.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { Probe, Said } from './probe.ts'

const { problem, note, fine } = findingsOf(null)

/** Whether an answer was given to one who was let in: MLflow may well say that there is no such thing. */
export function isWelcome({ upstream: { kind } }: Config, said: Said): boolean {
  const { status, object } = said
  return (
    (status === 200 && !isFromAnother(kind, said)) || (status === 404 && object?.get('error_code') === 'RESOURCE_DOES_NOT_EXIST')
  )
}

/** What the upstream answers to whoever asks it something that everybody may ask whom it lets in. */
export async function knock({ upstream: { kind } }: Config, probe: Probe, authorization: string | null): Promise<Said> {
  const { path, query } = openQuestions[kind]
  return probe.get(path, query, authorization)
}

/** What keeps everybody out, whatever their credentials: MLflow's own middleware, or something that answers in its place. Null: neither. */
export function refusalOf({ upstream: { kind, url } }: Config, said: Said): Finding | null {
  const own = ownRefusalOf(said)
  if (own !== null) return problem('upstream-refuses', own.message, own.remedy)
  if (isFromAnother(kind, said) || isClosedByAnother(kind, said))
    return problem('upstream-not-mlflow', `What answers at ${url} does not answer as MLflow does: ${describeAnother(said)}.`)
  try {
    checkUpstreamAuthentication(kind, 'proxy', said)
  } catch {
    // A matter of credentials.
    return null
  }
  try {
    refuseIntermediary(said, true)
    return null
  } catch (error) {
    return problem('upstream-intermediary', describeNetworkError(error))
  }
}

async function checkVersion(probe: Probe): Promise<Finding> {
  const said = await probe.get('/version', {}, null)
  const version = /^\d+\.\d+\.\d\S*$/.exec(said.text.trim())?.[0]
  if (said.status !== 200 || version === undefined)
    return note('version-unknown', `MLflow does not report its version (${said.outcome}).`)
  const known = describedVersions.some((each) => each.split('.')[0] === version.split('.')[0])
  if (known) return fine('version', `MLflow ${version} answers.`)
  const remedy = `It was tested with ${describedVersions.join(', ')}; what is new in ${version} is refused.`
  return note('version-untried', `MLflow ${version} answers, with which this proxy was not tested.`, remedy)
}

/** Whether something before a Databricks workspace lets nobody in from here. */
function refusedByNetwork(config: Config, said: Said): Finding | null {
  const refusal = config.upstream.kind === 'databricks' ? workspaceRefusal(said) : null
  return refusal?.kind === 'network' ? problem('upstream-network', refusal.message, refusal.remedy) : null
}

function checkOpenDoor(config: Config, said: Said): Finding {
  const own = ownRefusalOf(said)
  if (own !== null) return problem('upstream-refuses', own.message, own.remedy)
  if (!isWelcome(config, said)) return fine('closed', `The upstream refuses requests without credentials (${said.outcome}).`)
  const open = 'The upstream answers without credentials: whoever can reach it can bypass the proxy.'
  if (config.upstream.credentials.mode === 'none')
    return note('open', open, 'Let only the proxy reach it: with a network policy, a firewall, or loopback.')
  const remedy = 'Credentials are configured but not required: turn on authentication there, or let only the proxy reach it.'
  return problem('open', open, remedy)
}

/** Does the upstream answer, which one is it, and would it answer anybody? Null: it does not, so that nothing else can be found out. */
export async function checkReach(config: Config, probe: Probe): Promise<{ findings: readonly Finding[]; reached: boolean }> {
  try {
    const said = await knock(config, probe, null)
    const outside = refusedByNetwork(config, said)
    if (outside !== null) return { findings: [outside], reached: false }
    // Whose it is is found with the credentials.
    const ingress = isFromAnother(config.upstream.kind, said) ? [] : [checkOpenDoor(config, said)]
    const version =
      config.upstream.kind === 'mlflow' ? [await checkVersion(probe)] : [fine('workspace', `${config.upstream.url} answers.`)]
    return { findings: [...version, ...ingress], reached: ingress[0]?.code !== 'upstream-refuses' }
  } catch (error) {
    const message = `There is no answer from ${config.upstream.url}: ${describeNetworkError(error)}.`
    return { findings: [problem('upstream-unreachable', message)], reached: false }
  }
}
