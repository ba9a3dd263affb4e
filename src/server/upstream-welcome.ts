import type { UpstreamKind } from '../policy/environment.ts'
import { Refusal } from '../policy/reasons.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'

type Said = Pick<UpstreamAnswer, 'status' | 'text'>

/** Whether an answer says that the credentials are not good: Databricks does so in two ways. */
export function refusesCredentials(kind: UpstreamKind, { status, text }: Said): boolean {
  return status === 401 || (kind === 'databricks' && status === 403 && text.includes('Invalid access token'))
}

/** Throws where MLflow will not have the proxy itself. Where callers' tokens are passed on (`passes`), it is the caller whom it will not have. */
export function checkWelcome(kind: UpstreamKind, passes: boolean, { status, text }: Said): void {
  const isWorkspace = kind === 'databricks'
  // A page for people, where a token is for somebody else.
  const elsewhere = isWorkspace && status === 400 && text.includes('Expected aud claim')
  if (passes && (elsewhere || refusesCredentials(kind, { status, text }))) {
    throw new Refusal('unauthenticated', 'MLflow does not accept your token. Send one that it accepts.')
  }
  if (passes && isWorkspace && status === 403 && text.includes('User not authorized.')) {
    throw new Refusal('unauthenticated', 'You are not in the Databricks workspace. Ask its administrators to add you.')
  }
  // A Databricks workspace says so of single things, too.
  const ofOneThing = isWorkspace && status === 403 && /"error_code":\s*"PERMISSION_DENIED"/.test(text)
  if ((status === 401 || status === 403 || elsewhere) && !passes && !ofOneThing) {
    throw new Refusal('unknown-answer', `MLflow does not let the proxy in (status ${status}). Tell the proxy's administrators.`)
  }
}
