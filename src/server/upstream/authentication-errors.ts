import type { UpstreamKind } from '../../policy/environments/environment.ts'
import { Refusal } from '../../policy/reasons.ts'
import { describeAnswer, type WordlessAnswer } from './intermediaries.ts'
import { notAuthenticated } from './not-mlflow.ts'
import { readOwnError } from './proxy-rejections.ts'

/** Only a refusal's text is looked at: that of a long answer is in parts, and putting them together would be a pause. */
type Said = Pick<WordlessAnswer, 'status' | 'text' | 'contentType' | 'server'>

/** Whose token MLflow was asked with: the proxy's, the caller's, or one that the caller's was exchanged for. */
export type TokenOwner = 'proxy' | 'caller' | 'exchanged'

/** Whether an answer means invalid credentials: Databricks expresses that in two ways. */
export function refusesCredentials(kind: UpstreamKind, said: Said): boolean {
  const { status } = said
  return status === 401 || (kind === 'databricks' && status === 403 && said.text.includes('Invalid access token'))
}

/** A refusal by MLflow itself that applies to every request: the message for callers, and what its administrators should do. */
export interface OwnRefusal {
  /** MLflow's message. */
  readonly sentence: string
  readonly message: string
  readonly remedy: string
}

/** Refusals of MLflow's security middleware (3.5 and newer), by how they begin: plain texts, unrelated to credentials. */
const ownRefusals: readonly OwnRefusal[] = [
  {
    sentence: 'Invalid Host header',
    message: 'MLflow refuses the host name that this proxy uses for it ("Invalid Host header").',
    remedy: 'Start MLflow with the host and port of upstream.url in --allowed-hosts (MLFLOW_SERVER_ALLOWED_HOSTS).',
  },
  {
    sentence: 'Cross-origin request blocked',
    message: 'MLflow refuses this proxy as a web page of another origin ("Cross-origin request blocked").',
    remedy:
      'An intermediary between the proxy and MLflow adds an Origin header: remove it there, or list it in --cors-allowed-origins.',
  },
]

/** Which of MLflow's own refusals an answer is; null if none. */
export function ownRefusalOf(said: Said): OwnRefusal | null {
  return said.status === 403 ? (ownRefusals.find(({ sentence }) => said.text.trimStart().startsWith(sentence)) ?? null) : null
}

/** Whether it is the message of MLflow's basic authentication for a missing permission. */
function isDenied(said: Said): boolean {
  return said.status === 403 && said.text.trim() === 'Permission denied'
}

/** For the log: MLflow's message if the answer has MLflow's form; otherwise what answered, as far as it says. */
function wordsOf(said: Said): string {
  const { status, text } = said
  const message = readOwnError(said)?.get('message')
  const plain = [notAuthenticated, 'Permission denied'].find((sentence) => text.startsWith(sentence))
  if (typeof message === 'string') return `status ${status}: ${message.slice(0, 300)}`
  return plain === undefined ? `${describeAnswer(said)}: no words of MLflow’s` : `status ${status}: ${plain}`
}

function refused(message: string, cause: string): Refusal {
  const refusal = new Refusal('upstream-refused', `${message} Tell the operators of the proxy.`)
  refusal.cause = cause
  return refusal
}

/** If MLflow knows who the caller is, it refuses the caller, not the proxy. */
function checkCaller(kind: UpstreamKind, owner: TokenOwner, said: Said, elsewhere: boolean): void {
  if (elsewhere || refusesCredentials(kind, said)) {
    if (owner === 'exchanged') throw refused('MLflow does not accept the token that yours was exchanged for.', wordsOf(said))
    throw new Refusal('unauthenticated', 'MLflow does not accept your token. Send one that it accepts.')
  }
  if (isStranger(kind, said)) {
    throw new Refusal('unauthenticated', 'You are not in the Databricks workspace. Ask its administrators to add you.')
  }
  if (isDenied(said)) throw new Refusal('upstream-forbids', 'MLflow does not permit you to do this. Ask its administrators.')
}

/** Whether a Databricks workspace does not know the principal, which it expresses by a page. */
function isStranger(kind: UpstreamKind, said: Said): boolean {
  return kind === 'databricks' && said.status === 403 && said.text.includes('User not authorized.')
}

/** Throws if MLflow refuses the owner of the token that it was asked with. */
export function checkUpstreamAuthentication(kind: UpstreamKind, owner: TokenOwner, said: Said): void {
  const { status } = said
  const own = ownRefusalOf(said)
  if (own !== null) throw refused(own.message, `${own.sentence}: ${own.remedy}`)
  const isWorkspace = kind === 'databricks'
  // A login page, if the token is for another audience.
  const elsewhere = isWorkspace && status === 400 && said.text.includes('Expected aud claim')
  if (owner !== 'proxy') {
    checkCaller(kind, owner, said, elsewhere)
    return
  }
  if (isDenied(said)) throw refused('MLflow does not permit the user of this proxy to do this (403).', wordsOf(said))
  // A Databricks workspace also answers this way about single objects.
  const ofOneThing = isWorkspace && status === 403 && /"error_code":\s*"PERMISSION_DENIED"/.test(said.text)
  // Without MLflow's form it comes from an intermediary.
  const onTheWay =
    status === 403 && !elsewhere && readOwnError(said) === null && !refusesCredentials(kind, said) && !isStranger(kind, said)
  if (((status === 401 || status === 403) && !ofOneThing && !onTheWay) || elsewhere)
    throw refused(`MLflow refuses the proxy (status ${status}): it does not accept its credentials.`, wordsOf(said))
}
