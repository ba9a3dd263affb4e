import type { Upstream } from '../upstream/upstream.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'

/** Whether a workspace refused an experiment because its folder does not exist. */
function lacksFolder({ status, text }: UpstreamAnswer): boolean {
  return status === 404 || (status >= 400 && status < 500 && /"error_code":\s*"RESOURCE_DOES_NOT_EXIST"/.test(text))
}

/**
 * Sends a request that puts an experiment into a folder of a Databricks workspace, which must exist (an open-source server has none). If the
 * folder is missing, creates it and sends the request again. If that does not help, Databricks' own refusal is returned.
 */
export async function sendIntoFolder(
  upstream: Upstream,
  name: string,
  caller: CallerCredentials,
  send: () => Promise<UpstreamAnswer>,
): Promise<UpstreamAnswer> {
  const answer = await send()
  if (!lacksFolder(answer)) return answer
  const path = name.slice(0, name.lastIndexOf('/'))
  const made = await upstream.write({ make: 'folder', path }, caller)
  return made.status === 200 ? send() : answer
}
