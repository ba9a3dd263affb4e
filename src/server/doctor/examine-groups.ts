import type { Config } from '../config/config-types.ts'
import type { Staffed } from './asker.ts'
import { type Finding, findingsOf } from './finding.ts'
import { objectsIn, type Probe, textIn } from './probe.ts'

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

async function checkGroup(
  config: Config,
  probe: Probe,
  { environment, asker, passthrough }: Staffed,
  group: string,
): Promise<readonly Finding[]> {
  const { problem, note, fine } = findingsOf(environment.name)
  // SCIM has no escape for quotes that all workspaces read alike.
  if (asker === null || /["\\]/.test(group)) return []
  const query = { filter: `displayName eq "${group}"`, attributes: 'displayName,meta' }
  const said = await probe.get('/api/2.0/preview/scim/v2/Groups', query, asker.authorization)
  if (said.good === null)
    return [
      note(
        'group-unchecked',
        `The group ${group} of the workspace cannot be read (${said.outcome}).`,
        'Use the token of someone who may read groups.',
      ),
    ]
  const found = objectsIn(said.good, 'Resources').filter((each) => textIn(each, 'displayName') === group)
  const decides = config.authentication.directory === 'databricks'
  const [first] = found
  if (first === undefined) {
    if (!decides && !passthrough)
      return [
        note(
          'group-missing',
          `The workspace has no group ${group}.`,
          'It is not needed as long as its members have nothing to read there.',
        ),
      ]
    return [
      problem(
        'group-missing',
        `The workspace has no group ${group}.`,
        'Create it, for instance with the Terraform module mlflow-environments, and add its members.',
      ),
    ]
  }
  if (!decides) return [fine('group', `The workspace has the group ${group}.`)]
  if (found.length > 1)
    return [
      problem(
        'group-ambiguous',
        `The workspace has ${found.length} groups named ${group}, and the members of each are in the environment.`,
        'Rename or delete the others.',
      ),
    ]
  if (textIn(first.get('meta'), 'resourceType') === 'WorkspaceGroup')
    return [
      note(
        'group-local',
        `The group ${group} is one of the workspace's own: its admins decide who is in the environment.`,
        'Use a group of the account if all workspaces should share its members.',
      ),
    ]
  return [fine('group', `The workspace has the group ${group}.`)]
}

/** Does the workspace have the groups of the environments, each once? Object ids of Entra's are no names of groups there. */
export async function checkGroups(config: Config, probe: Probe, staff: readonly Staffed[]): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const each of staff) {
    const names = each.environment.groups.filter((group) => config.authentication.directory === 'databricks' || !guid.test(group))
    for (const group of names) findings.push(...(await checkGroup(config, probe, each, group)))
  }
  return findings
}
