import type { JsonObject } from '../../policy/messages/json/json.ts'
import { idOf, rowsOf } from './graph-answer.ts'
import type { GraphClient } from './graph-client.ts'

/** What the directory knows of a group that the configuration names. */
export interface NamedGroup {
  readonly name: string
  /** Its object id; null: the name stands for no group. */
  readonly id: string | null
  /** Why it stands for none, and what to write; null: nothing is wrong with the name. */
  readonly problem: string | null
}

/** Looks up groups by display name. Rejects with a Refusal if the directory cannot be asked. */
export async function resolveNames(client: Pick<GraphClient, 'ask'>, names: readonly string[]): Promise<readonly NamedGroup[]> {
  const found: NamedGroup[] = []
  for (const name of names) found.push(await resolveName(client, name))
  return found
}

async function resolveName(client: Pick<GraphClient, 'ask'>, name: string): Promise<NamedGroup> {
  const filter = encodeURIComponent(`displayName eq '${name.replaceAll("'", "''")}'`)
  const { content } = await client.ask(`/groups?$filter=${filter}&$select=id,displayName,securityEnabled&$top=20`)
  const groups = rowsOf(content).filter((row) => row instanceof Map)
  const [group, ...others] = groups
  // An app role of that name may still be meant.
  if (group === undefined) return { name, id: null, problem: null }
  if (others.length > 0) {
    const ids = groups.map((each) => idOf(each.get('id'))).join(', ')
    return {
      name,
      id: null,
      problem: `\`${name}\` is the name of ${groups.length} groups (${ids}); write the object id of the one you mean`,
    }
  }
  return judge(name, group)
}

/** One group alone has the name, as the directory compares names: without regard to case. */
function judge(name: string, group: JsonObject): NamedGroup {
  const id = idOf(group.get('id'))
  if (group.get('displayName') !== name)
    return {
      name,
      id: null,
      problem: `\`${name}\` is written otherwise in the directory; write it as there, or write the object id ${id}`,
    }
  // Anybody may make such a group, and call it as they like.
  if (group.get('securityEnabled') !== true)
    return {
      name,
      id: null,
      problem: `\`${name}\` (${id}) is not a security group; name one, or write the object id if you mean this one`,
    }
  return { name, id, problem: null }
}
