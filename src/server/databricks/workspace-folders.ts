import type { UpstreamName } from '../../policy/names/names.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'

/** Whether a workspace refused to put an experiment where there is no folder. */
function lacksFolder({ status, text }: UpstreamAnswer): boolean {
  return status === 404 || (status >= 400 && status < 500 && /"error_code":\s*"RESOURCE_DOES_NOT_EXIST"/.test(text))
}

/**
 * Sends what puts an experiment into a Databricks workspace, where its folder must be there first (an open-source server has none): a
 * refusal for want of it makes the folder, and sends once more. Databricks' own refusal stands where that does not help.
 */
export async function sendIntoFolder(
  upstream: Upstream,
  name: UpstreamName,
  caller: CallerCredentials,
  send: () => Promise<UpstreamAnswer>,
): Promise<UpstreamAnswer> {
  const answer = await send()
  if (!lacksFolder(answer)) return answer
  const path = name.slice(0, name.lastIndexOf('/'))
  const made = await upstream.write({ make: 'folder', path }, caller)
  return made.status === 200 ? send() : answer
}
