import { environmentsOf } from '../../policy/environments/choose-environment.ts'
import { type Environment, usesCatalog } from '../../policy/environments/environment.ts'
import { createAuthenticator } from '../auth/authenticate.ts'
import { openDirectory } from '../auth/databricks-directory.ts'
import { withDirectory } from '../auth/directory.ts'
import { KeySource } from '../auth/key-source.ts'
import type { Config } from '../config/config-types.ts'
import { openUpstream } from '../databricks/open-upstream.ts'
import { describeNetworkError } from '../network/network-error.ts'
import type { Asker, Staffed } from './asker.ts'
import { type Level, levels, mostFor, reaches } from './examine-access-list.ts'
import { inspectModel, sampleModels } from './examine-models.ts'
import { isWelcome, knock } from './examine-reach.ts'
import { type Finding, findingsOf } from './finding.ts'
import { objectsIn, type Probe, textIn } from './probe.ts'

const { problem, note, fine } = findingsOf(null)

/** What the proxy makes of a token: the groups of its bearer. Rejects with the refusal that the bearer would get. */
async function recognise(config: Config, token: string) {
  const { entra } = config.authentication
  const keys = new KeySource({ entra, ...(config.outbound === undefined ? {} : { outbound: config.outbound }) })
  const upstream = openUpstream(config.upstream)
  try {
    await keys.refresh()
    const authenticator = withDirectory(createAuthenticator({ entra, keys }), openDirectory(config, upstream))
    return (await authenticator.authenticate([`Bearer ${token}`])).principal
  } finally {
    await Promise.all([keys.close(), upstream.close()])
  }
}

async function checkPlace(config: Config, token: string) {
  try {
    const principal = await recognise(config, token)
    const environments = environmentsOf(config, principal)
    const names = environments.map(({ name }) => name).join(' and ')
    const found =
      environments.length > 0
        ? fine('caller', `The caller is in ${names}.`)
        : problem(
            'caller-nowhere',
            `The caller is in no environment: ${principal.groups.length === 0 ? 'they have no known groups' : `their groups are ${principal.groups.slice(0, 20).join(', ')}`}.`,
            'Add them to the group of an environment. If tokens list no groups, see authentication.directory.',
          )
    return { environments, groups: principal.groups, finding: found }
  } catch (error) {
    const remedy = 'Get a token the way callers do, for an audience in authentication.entra.audiences.'
    return {
      environments: [],
      groups: [],
      finding: problem('caller-refused', `The proxy refuses the caller: ${describeNetworkError(error)}`, remedy),
    }
  }
}

/** The most that the caller should hold on a model of an environment. */
function mostOn(of: Staffed, staff: readonly Staffed[], groups: readonly string[]): Level | null {
  const most = groups.map((name) => mostFor({ kind: 'group', name, level: 'CAN_READ' }, of, staff, 'model'))
  return levels.findLast((level) => most.includes(level)) ?? null
}

async function checkModels(probe: Probe, caller: Asker, of: Staffed, staff: readonly Staffed[], groups: readonly string[]) {
  const { name, modelSuffix }: Environment = of.environment
  const about = findingsOf(name)
  const most = mostOn(of, staff, groups)
  const beyond: string[] = []
  for (const model of (await sampleModels(probe, modelSuffix, caller)) ?? []) {
    const { level: said } = await inspectModel(probe, model, caller)
    const level = levels.find((each) => each === said) ?? null
    if (level !== null && (most === null || !reaches(most, level))) beyond.push(`${level} on ${model}`)
  }
  if (beyond.length === 0) return []
  const message = `The caller can bypass the proxy: they have ${beyond.slice(0, 3).join(', ')}${beyond.length > 3 ? ` and ${beyond.length - 3} more` : ''}.`
  return [about.problem('caller-around', message, 'Remove it, or let only the proxy reach the workspace.')]
}

async function checkAround(
  config: Config,
  probe: Probe,
  token: string,
  staff: readonly Staffed[],
  groups: readonly string[],
): Promise<readonly Finding[]> {
  const said = await knock(config, probe, `Bearer ${token}`)
  const shut = fine('caller-shut', `Without the proxy the upstream refuses the caller (${said.outcome}).`)
  if (!isWelcome(said)) return [shut]
  if (config.upstream.kind === 'mlflow') {
    // Whom it lets in without a token it lets in with any.
    if (isWelcome(await knock(config, probe, null))) return []
    return [
      problem(
        'caller-around',
        'The upstream accepts the caller’s own token, and does not separate environments.',
        'Let only the proxy reach it.',
      ),
    ]
  }
  const listed = objectsIn(said.object ?? undefined, 'groups').flatMap((group) => textIn(group, 'display') ?? [])
  if (listed.includes('admins'))
    return [
      problem(
        'caller-admin',
        'The caller is an admin of the workspace, and may do everything there without the proxy.',
        'Remove them from the group admins.',
      ),
    ]
  const caller: Asker = { authorization: `Bearer ${token}`, name: textIn(said.object ?? undefined, 'userName'), admin: false }
  const findings: Finding[] = []
  for (const of of usesCatalog(config) ? [] : staff)
    findings.push(...(await checkModels(probe, caller, of, staff, [...groups, ...listed])))
  if (findings.length > 0) return findings
  return [
    note(
      'caller-inside',
      'The workspace accepts the caller without the proxy, with no more rights than it should.',
      'The proxy assigns stages to, and audits, only what passes through it.',
    ),
  ]
}

/** What does the proxy make of a caller, and what could they do without it? */
export async function checkCaller(
  config: Config,
  probe: Probe,
  token: string,
  staff: readonly Staffed[],
): Promise<readonly Finding[]> {
  const { groups, finding } = await checkPlace(config, token)
  return [finding, ...(await checkAround(config, probe, token, staff, groups))]
}
