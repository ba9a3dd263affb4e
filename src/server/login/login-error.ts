import { AuthorizationResponseError, OperationProcessingError, ResponseBodyError } from 'oauth4webapi'
import { Refusal } from '../../policy/reasons.ts'

/** What people can do about the errors of RFC 6749 and of OpenID Connect that issuers answer a login with. */
const sentences: Readonly<Record<string, string>> = {
  access_denied: 'The login was cancelled, or Microsoft Entra ID does not allow you to use this application',
  login_required: 'Microsoft Entra ID asks you to log in once more',
  interaction_required: 'Microsoft Entra ID asks you to log in once more',
  consent_required: 'An administrator has to consent to this application first',
  temporarily_unavailable: 'Microsoft Entra ID is not available at the moment',
  server_error: 'Microsoft Entra ID had an error of its own',
}

/** The error's name by the issuer, where it is one of the standards' form: nothing else of an answer is shown or logged. */
export function issuersWord(error: unknown): string | null {
  const said = error instanceof AuthorizationResponseError || error instanceof ResponseBodyError ? error.error : null
  return said !== null && /^[a-z_]{1,40}$/.test(said) ? said : null
}

/** Whether the issuer took part and said no, or said what cannot be true; otherwise it could not be asked. */
function isIssuersNo(error: unknown): boolean {
  if (error instanceof ResponseBodyError) return error.status < 500
  return error instanceof AuthorizationResponseError || error instanceof OperationProcessingError
}

/** The refusal of a renewal that the issuer did not make. */
export function renewalRefusal(error: unknown): Refusal {
  if (!isIssuersNo(error)) return loginRefusal(error)
  const code = issuersWord(error)
  return new Refusal('unauthenticated', `Your login could not be renewed${code === null ? '' : ` (${code})`}: log in again.`)
}

/** The refusal of a login that the issuer did not complete. */
export function loginRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (!isIssuersNo(error)) {
    return new Refusal('issuer-unavailable', 'Microsoft Entra ID cannot be reached, so nobody can log in: try again shortly.')
  }
  const code = issuersWord(error)
  const known = code === null ? undefined : sentences[code]
  if (known !== undefined) return new Refusal('unauthenticated', `${known}: begin the login again.`)
  const what = code === null ? 'is not the one to this login' : `is an error (${code})`
  return new Refusal('malformed', `The answer of Microsoft Entra ID ${what}: begin the login again.`)
}
