import { guid } from '../../policy/identity/guid.ts'
import type { Examination, Staffed } from './asker.ts'
import { type Finding, findingsOf } from './finding.ts'
import { objectsIn, textIn } from './probe.ts'

function missing({ environment, passthrough }: Staffed, group: string, decides: boolean): Finding {
  const { problem, note } = findingsOf(environment.name)
  const message = `The workspace has no group ${group}.`
  if (!decides && !passthrough)
    return note('group-missing', message, 'It is not needed as long as its members have nothing to read there.')
  const remedy = 'Create it, for instance with the Terraform module mlflow-environments, and add its members.'
  return problem('group-missing', message, remedy)
}

async function checkGroup({ config, probe }: Examination, each: Staffed, group: string): Promise<Finding | null> {
  const { environment, asker } = each
  const { problem, note, fine } = findingsOf(environment.name)
  // SCIM has no escape for quotes that all workspaces read alike.
  if (asker === null || /["\\]/.test(group)) return null
  const query = { filter: `displayName eq "${group}"`, attributes: 'displayName,meta' }
  const said = await probe.get('/api/2.0/preview/scim/v2/Groups', query, asker.authorization)
  if (said.good === null) return note('group-unchecked', `The group ${group} of the workspace cannot be read (${said.outcome}).`)
  const found = objectsIn(said.good, 'Resources').filter((row) => textIn(row, 'displayName') === group)
  const decides = config.authentication.directory === 'databricks'
  const [first] = found
  if (first === undefined) return missing(each, group, decides)
  if (decides && found.length > 1) {
    const message = `The workspace has ${found.length} groups named ${group}, and the members of each are in the environment.`
    return problem('group-ambiguous', message)
  }
  if (decides && textIn(first.get('meta'), 'resourceType') === 'WorkspaceGroup') {
    const message = `The group ${group} is one of the workspace's own: its admins decide who is in the environment.`
    return note('group-local', message)
  }
  return fine('group', `The workspace has the group ${group}.`)
}

/** Does the workspace have the groups of an environment, each once? Object ids of Entra's are no names of groups there. */
export async function* checkGroups(examination: Examination, each: Staffed): AsyncGenerator<Finding> {
  const decides = examination.config.authentication.directory === 'databricks'
  for (const group of each.environment.groups) {
    const finding = decides || !guid.test(group) ? await checkGroup(examination, each, group) : null
    if (finding !== null) yield finding
  }
}
