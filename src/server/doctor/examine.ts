import type { Config } from '../config/config-types.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { checkCaller } from './examine-caller.ts'
import { checkCredentials } from './examine-credentials.ts'
import { checkFolders } from './examine-folders.ts'
import { checkGroups } from './examine-groups.ts'
import { checkIssuer } from './examine-issuer.ts'
import { checkAllModels } from './examine-models.ts'
import { checkReach } from './examine-reach.ts'
import { checkRegistry } from './examine-registry.ts'
import { checkStorage } from './examine-storage.ts'
import { type Finding, findingsOf } from './finding.ts'
import { Probe } from './probe.ts'

type Check = () => Promise<readonly Finding[]>

/** What a check finds, or that it could not be made. */
async function attempt(check: Check): Promise<readonly Finding[]> {
  try {
    return await check()
  } catch (error) {
    return [
      findingsOf(null).problem(
        'check-failed',
        `The check was interrupted: ${describeNetworkError(error)}.`,
        'Run it again; the state of what it did not reach is unknown.',
      ),
    ]
  }
}

async function examineUpstream(config: Config, probe: Probe, caller: string | null): Promise<readonly Finding[]> {
  const { findings: outside, reached } = await checkReach(config, probe)
  if (!reached) return outside
  const { staff, findings: credentials } = await checkCredentials(config, probe, caller)
  const inside: readonly Check[] =
    config.upstream.kind === 'databricks'
      ? [
          () => checkRegistry(config, probe, staff),
          () => checkGroups(config, probe, staff),
          () => checkFolders(probe, staff),
          () => checkAllModels(config, probe, staff),
        ]
      : [() => checkStorage(probe, staff)]
  const callers: readonly Check[] = caller === null ? [] : [() => checkCaller(config, probe, caller, staff)]
  const found: Finding[] = [...outside, ...credentials]
  for (const check of [...inside, ...callers]) found.push(...(await attempt(check)))
  return found
}

/** Looks at a live upstream through the eyes of the configuration, and of a caller whose token is given. Reads only. */
export async function examine(config: Config, caller: string | null): Promise<readonly Finding[]> {
  const probe = new Probe(config.upstream.url, config.outbound)
  try {
    const issuer = attempt(() => checkIssuer(config))
    const upstream = attempt(() => examineUpstream(config, probe, caller))
    return [...(await issuer), ...(await upstream)]
  } finally {
    await probe.close()
  }
}
