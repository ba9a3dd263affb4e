import { type ServerKind, serverKindOf, usesCatalog } from '../../policy/environments/environment.ts'
import type { Config } from '../config/config-types.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { workspaceRefusal } from '../upstream/workspace-answers.ts'
import type { Examination, Staffed } from './asker.ts'
import { checkCaller } from './examine-caller.ts'
import { checkCredentials } from './examine-credentials.ts'
import { checkFolder } from './examine-folders.ts'
import { checkGrants } from './examine-grants.ts'
import { checkGroups } from './examine-groups.ts'
import { checkIssuers } from './examine-issuer.ts'
import { checkLogin } from './examine-login.ts'
import { checkModels } from './examine-models.ts'
import { checkReach } from './examine-reach.ts'
import { checkStorage } from './examine-storage.ts'
import { checkUnowned } from './examine-unowned.ts'
import { type Finding, findingsOf } from './finding.ts'
import { Probe } from './probe.ts'

type Check = (examination: Examination) => AsyncIterable<Finding>

/** Makes a check for every environment. */
const forEach = (check: (examination: Examination, each: Staffed) => AsyncIterable<Finding>): Check =>
  async function* (examination) {
    for (const each of examination.staff) yield* check(examination, each)
  }

/** Does the workspace have the registry that the configuration names? */
async function* checkRegistry({ config, probe, anybody }: Examination): AsyncGenerator<Finding> {
  if (anybody === null) return
  const search = `/api/2.0/mlflow/${usesCatalog(config) ? 'unity-catalog/' : ''}registered-models/search`
  const refusal = workspaceRefusal(await probe.get(search, { max_results: '1' }, anybody.authorization))
  if (refusal !== null) yield findingsOf(null).problem('registry-absent', refusal.message, refusal.remedy)
}

/** What is looked at behind each kind of server, in this order. */
const checks: Readonly<Record<ServerKind, readonly Check[]>> = {
  mlflow: [checkStorage, checkUnowned, checkCaller],
  databricks: [checkRegistry, forEach(checkGroups), forEach(checkFolder), forEach(checkModels), checkUnowned, checkCaller],
  unityCatalog: [checkRegistry, forEach(checkGroups), forEach(checkFolder), forEach(checkGrants), checkCaller],
}

/** What a check finds, or that it could not be made. */
async function attempt(check: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await check()
  } catch (error) {
    return [findingsOf(null).problem('check-failed', `The check was interrupted: ${describeNetworkError(error)}.`)]
  }
}

async function collect(found: AsyncIterable<Finding>): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for await (const finding of found) findings.push(finding)
  return findings
}

async function examineUpstream(config: Config, probe: Probe, caller: string | null): Promise<readonly Finding[]> {
  const { findings: outside, reached } = await checkReach(config, probe)
  if (!reached) return outside
  const { staff, findings: credentials } = await checkCredentials(config, probe, caller)
  const anybody = staff.find(({ asker }) => asker !== null)?.asker ?? null
  const found = [...outside, ...credentials]
  for (const check of checks[serverKindOf(config)])
    found.push(...(await attempt(() => collect(check({ config, probe, staff, anybody, caller })))))
  return found
}

/** Looks at a live upstream through the eyes of the configuration, and of a caller whose token is given. Reads only. */
export async function examine(config: Config, caller: string | null): Promise<readonly Finding[]> {
  const probe = new Probe(config.upstream)
  try {
    const issuer = attempt(() => checkIssuers(config))
    const upstream = attempt(() => examineUpstream(config, probe, caller))
    const login = attempt(() => collect(checkLogin(config)))
    return [...(await issuer), ...(await login), ...(await upstream)]
  } finally {
    await probe.close()
  }
}
