import { Refusal } from '../../policy/reasons.ts'
import type { TokenClient } from '../config/config-types.ts'
import { type IssuerError, showCodes } from './issuer-error.ts'

/** AADSTS65001: nobody consented to the proxy acting for its callers. */
const noConsent = 65001

/** What an issuer's refusal to exchange a token means to the caller; null if it is no fault of theirs. */
export function refusalOfExchange(issuer: TokenClient['issuer'], problem: IssuerError): Refusal | null {
  const { error, numbers } = problem
  const codes = showCodes(problem)
  if (issuer === 'databricks') {
    if (!['invalid_grant', 'invalid_request', 'access_denied'].includes(error)) return null
    return new Refusal(
      'unauthenticated',
      `The Databricks workspace does not exchange your token: ${codes}. Its federation policy must name the token's issuer, audience and subject; ask its administrators.`,
    )
  }
  if (numbers.includes(noConsent) || error === 'consent_required') {
    return new Refusal(
      'upstream-refused',
      `The proxy may not act for you: ${codes}. An administrator of Microsoft Entra ID must consent to it; tell the operators of the proxy.`,
    )
  }
  if (error === 'interaction_required') {
    return new Refusal(
      'unauthenticated',
      `Microsoft Entra ID wants you to sign in again before the proxy may act for you: ${codes}. Sign in, and send a new token.`,
    )
  }
  if (error !== 'invalid_grant') return null
  return new Refusal(
    'unauthenticated',
    `Microsoft Entra ID does not exchange your token: ${codes}. Send a new one that it issued for the application of this proxy.`,
  )
}
