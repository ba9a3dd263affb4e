import { parseIfJson } from '../../policy/messages/json/json-text.ts'
import { Refusal } from '../../policy/reasons.ts'

/** What to do with a Databricks token. */
const instead =
  'Send a Microsoft Entra ID access token for this proxy: notebooks and jobs get one from a service credential of Unity Catalog, or with a client secret from a secret scope.'

/** The form of Databricks' personal access tokens. */
const personalToken = /^dapi[0-9a-f]{32}(?:-[0-9]{1,3})?$/i
/** Issuers of Databricks' OAuth tokens: a workspace, or an account. */
const oauthIssuer = /^https:\/\/[a-z0-9.-]{1,253}\/oidc(?:\/accounts\/[0-9a-f-]{1,64})?\/?$/i

/** Whether a token has the form of a personal access token of Databricks. */
export function isPersonalToken(token: string): boolean {
  return personalToken.test(token)
}

/** The issuer in a token, unverified; empty if there is none. */
export function namedIssuer(token: string): string {
  const claims = parseIfJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
  const issuer = claims instanceof Map ? claims.get('iss') : ''
  return typeof issuer === 'string' ? issuer : ''
}

/**
 * Throws Refusal 'unauthenticated' for tokens of notebooks and jobs on Databricks, which cannot be verified here, with what to send instead.
 * The token's unverified claims only choose the message: no token is accepted here.
 */
export function refuseDatabricksToken(token: string): void {
  if (isPersonalToken(token))
    throw new Refusal(
      'unauthenticated',
      `The request has a personal access token of Databricks, which is not accepted here. ${instead}`,
    )
  if (oauthIssuer.test(namedIssuer(token)))
    throw new Refusal(
      'unauthenticated',
      `The request has an OAuth token that Databricks issued, which is not accepted here. ${instead}`,
    )
}
