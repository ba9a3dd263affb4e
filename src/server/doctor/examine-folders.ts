import type { Examination, Staffed } from './asker.ts'
import { isStaffed, isTooMuch, readHoldings, showHolding } from './examine-access-list.ts'
import { type Finding, findingsOf } from './finding.ts'
import { textIn } from './probe.ts'

function missing({ environment, passthrough }: Staffed): Finding {
  const { problem, note } = findingsOf(environment.name)
  const message = `The workspace has no folder ${environment.experimentRoot}.`
  const remedy = passthrough
    ? 'Create it. Otherwise the first caller who may creates it, then manages it, and may open it to others.'
    : 'The proxy creates it at first use, if its principal may; it is safer to create it beforehand.'
  return passthrough ? problem('folder-missing', message, remedy) : note('folder-missing', message, remedy)
}

/** Is the folder of an environment there, for those alone who work in it? */
export async function* checkFolder({ probe, staff }: Examination, each: Staffed): AsyncGenerator<Finding> {
  const { environment, asker, passthrough } = each
  const { problem, note, fine } = findingsOf(environment.name)
  const root = environment.experimentRoot
  if (asker === null) return
  const status = await probe.get('/api/2.0/workspace/get-status', { path: root }, asker.authorization)
  if (status.status === 404) return yield missing(each)
  if (status.status === 403 && !passthrough) {
    const remedy = 'Grant it CAN_MANAGE: nothing can be created in a folder with less.'
    return yield problem('folder-too-narrow', `${asker.name ?? 'The proxy'} has no rights in ${root}.`, remedy)
  }
  const id = textIn(status.good ?? undefined, 'object_id')
  const path = `/api/2.0/permissions/directories/${encodeURIComponent(id ?? '')}`
  const list = id === null ? status : await probe.get(path, {}, asker.authorization)
  if (id === null || list.good === null)
    return yield note('folder-unchecked', `The permissions of ${root} cannot be read (${list.outcome}).`)
  const holdings = readHoldings(list.good)
  const wide = holdings.filter((holding) => isTooMuch(holding, each, staff, 'folder'))
  for (const holding of wide) {
    const message = `In ${root} ${showHolding(holding)}.`
    yield holding.level === 'CAN_READ' ? note('folder-read', message) : problem('folder-too-wide', message)
  }
  const who = passthrough ? environment.groups.join(' or ') : (asker.name ?? 'the proxy')
  if (!isStaffed(holdings, each, 'CAN_MANAGE')) yield problem('folder-too-narrow', `${who} cannot create experiments in ${root}.`)
  else if (wide.length === 0) yield fine('folder', `${root} exists, and nobody else has rights in it.`)
}
