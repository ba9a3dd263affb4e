import { environmentsOf } from '../../policy/environments/choose-environment.ts'
import { usesCatalog } from '../../policy/environments/environment.ts'
import { openCallers } from '../auth/open-callers.ts'
import type { Config } from '../config/config-types.ts'
import { openClients } from '../databricks/open-upstream.ts'
import { describeNetworkError } from '../network/network-error.ts'
import type { Asker, Examination, Staffed } from './asker.ts'
import { type Level, levels, mostFor, reaches } from './examine-access-list.ts'
import { inspectModel, sampleModels } from './examine-models.ts'
import { isWelcome, knock } from './examine-reach.ts'
import { type Finding, findingsOf } from './finding.ts'
import { objectsIn, textIn } from './probe.ts'

const { problem, note, fine } = findingsOf(null)

/** What the proxy makes of a token: the groups of its bearer. Rejects with the refusal that the bearer would get. */
async function recognise(config: Config, token: string) {
  const clients = openClients(config)
  const callers = openCallers({ config, ...clients })
  try {
    await callers.tried
    return (await callers.authenticator.authenticate([`Bearer ${token}`])).principal
  } finally {
    await Promise.all([callers.close(), clients.upstream.close()])
  }
}

async function checkPlace(config: Config, token: string) {
  try {
    const principal = await recognise(config, token)
    const names = environmentsOf(config, principal).map(({ name }) => name)
    const { groups } = principal
    if (names.length > 0) return { groups, finding: fine('caller', `The caller is in ${names.join(' and ')}.`) }
    const known = groups.length === 0 ? 'they have no known groups' : `their groups are ${groups.slice(0, 20).join(', ')}`
    return { groups, finding: problem('caller-nowhere', `The caller is in no environment: ${known}.`) }
  } catch (error) {
    const message = `The proxy refuses the caller: ${describeNetworkError(error)}`
    return { groups: [], finding: problem('caller-refused', message) }
  }
}

/** The most that the caller should hold on a model of an environment. */
function mostOn(of: Staffed, staff: readonly Staffed[], groups: readonly string[]): Level | null {
  const most = groups.map((name) => mostFor({ kind: 'group', name, level: 'CAN_READ' }, of, staff, 'model'))
  return levels.findLast((level) => most.includes(level)) ?? null
}

/** Whether the caller holds more on an environment's models than they should. */
async function checkModels({ probe, staff }: Examination, caller: Asker, of: Staffed, groups: readonly string[]) {
  const { name, modelSuffix } = of.environment
  const most = mostOn(of, staff, groups)
  const beyond: string[] = []
  for (const model of (await sampleModels(probe, modelSuffix, caller)) ?? []) {
    const { level: said } = await inspectModel(probe, model, caller)
    const level = levels.find((each) => each === said)
    if (level !== undefined && !reaches(most, level)) beyond.push(`${level} on ${model}`)
  }
  if (beyond.length === 0) return []
  const more = beyond.length > 3 ? ` and ${beyond.length - 3} more` : ''
  const message = `The caller can bypass the proxy: they have ${beyond.slice(0, 3).join(', ')}${more}.`
  return [findingsOf(name).problem('caller-around', message, 'Remove it, or let only the proxy reach the workspace.')]
}

async function* checkAround(examination: Examination, token: string, groups: readonly string[]): AsyncGenerator<Finding> {
  const { config, probe, staff } = examination
  const said = await knock(config, probe, `Bearer ${token}`)
  if (!isWelcome(config, said))
    return yield fine('caller-shut', `Without the proxy the upstream refuses the caller (${said.outcome}).`)
  if (config.upstream.kind === 'mlflow') {
    // Whom it lets in without a token it lets in with any.
    if (isWelcome(config, await knock(config, probe, null))) return
    const message = 'The upstream accepts the caller’s own token, and does not separate environments.'
    return yield problem('caller-around', message, 'Let only the proxy reach it.')
  }
  const listed = objectsIn(said.object ?? undefined, 'groups').flatMap((group) => textIn(group, 'display') ?? [])
  if (listed.includes('admins')) {
    const message = 'The caller is an admin of the workspace, and may do everything there without the proxy.'
    return yield problem('caller-admin', message)
  }
  const caller: Asker = { authorization: `Bearer ${token}`, name: textIn(said.object ?? undefined, 'userName'), admin: false }
  const findings: Finding[] = []
  for (const of of usesCatalog(config) ? [] : staff)
    findings.push(...(await checkModels(examination, caller, of, [...groups, ...listed])))
  yield* findings
  const message = 'The workspace accepts the caller without the proxy, with no more rights than it should.'
  if (findings.length === 0) yield note('caller-inside', message)
}

/** What does the proxy make of a caller whose token is given, and what could they do without it? */
export async function* checkCaller(examination: Examination): AsyncGenerator<Finding> {
  const { config, caller } = examination
  if (caller === null) return
  const { groups, finding } = await checkPlace(config, caller)
  yield finding
  yield* checkAround(examination, caller, groups)
}
