import type { Staffed } from './asker.ts'
import { isStaffed, mostFor, reaches, readHoldings, showHolding } from './examine-access-list.ts'
import { type Finding, findingsOf } from './finding.ts'
import { type Probe, textIn } from './probe.ts'

function missing({ environment, passthrough }: Staffed): Finding {
  const { problem, note } = findingsOf(environment.name)
  const message = `The workspace has no folder ${environment.experimentRoot}.`
  if (passthrough)
    return problem(
      'folder-missing',
      message,
      'Create it. Otherwise the first caller who may creates it, then manages it, and may open it to others.',
    )
  return note(
    'folder-missing',
    message,
    'The proxy creates it at first use, if its principal may; it is safer to create it beforehand.',
  )
}

async function checkFolder(probe: Probe, each: Staffed, staff: readonly Staffed[]): Promise<readonly Finding[]> {
  const { environment, asker, passthrough } = each
  const { problem, note, fine } = findingsOf(environment.name)
  const root = environment.experimentRoot
  if (asker === null) return []
  const status = await probe.get('/api/2.0/workspace/get-status', { path: root }, asker.authorization)
  const id = textIn(status.good ?? undefined, 'object_id')
  if (status.status === 404) return [missing(each)]
  if (status.status === 403 && !passthrough)
    return [
      problem(
        'folder-too-narrow',
        `${asker.name ?? 'The proxy'} has no rights in ${root}.`,
        'Grant it CAN_MANAGE: nothing can be created in a folder with less.',
      ),
    ]
  const list =
    id === null ? null : await probe.get(`/api/2.0/permissions/directories/${encodeURIComponent(id)}`, {}, asker.authorization)
  if (list?.good == null) {
    const outcome = (list ?? status).outcome
    return [
      note(
        'folder-unchecked',
        `The permissions of ${root} cannot be read (${outcome}).`,
        'Use the token of someone who manages it.',
      ),
    ]
  }
  const holdings = readHoldings(list.good)
  const wide = holdings.filter((holding) => {
    const most = mostFor(holding, each, staff, 'folder')
    return most === null || !reaches(most, holding.level)
  })
  const findings = wide.map((holding) => {
    const message = `In ${root} ${showHolding(holding)}.`
    if (holding.level === 'CAN_READ')
      return note('folder-read', message, 'They can read its experiments without the proxy. Remove it if that is not intended.')
    return problem(
      'folder-too-wide',
      message,
      'They can change its experiments without the proxy. Remove it, for instance with the Terraform module mlflow-environments.',
    )
  })
  if (isStaffed(holdings, each, 'CAN_MANAGE')) {
    return findings.length > 0 ? findings : [fine('folder', `${root} exists, and nobody else has rights in it.`)]
  }
  const who = passthrough ? environment.groups.join(' or ') : (asker.name ?? 'the proxy')
  return [
    ...findings,
    problem(
      'folder-too-narrow',
      `${who} cannot create experiments in ${root}.`,
      'Grant CAN_MANAGE: nothing can be created in a folder with less.',
    ),
  ]
}

/** Are the folders of the environments there, for those alone who work in them? */
export async function checkFolders(probe: Probe, staff: readonly Staffed[]): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const each of staff) findings.push(...(await checkFolder(probe, each, staff)))
  return findings
}
