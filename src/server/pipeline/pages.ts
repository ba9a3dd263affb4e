import type { Grant } from '../../policy/grant.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { printJson } from '../../policy/messages/json/json-text.ts'
import { textMeaning } from '../../policy/messages/message-fields.ts'
import { type Page, queryIdentity } from '../../rewrite/request/search-page.ts'
import type { PageTokens } from './page-tokens.ts'

/** Whose a page token is, and of which query. */
export function bindingOf(grant: Grant, principal: Principal): string {
  const { environment } = grant.context
  return printJson([principal.tenantId, principal.objectId, environment.name, grant.endpoint.request, queryIdentity(grant)])
}

/**
 * The page that a token stands for, of an endpoint whose rows are all the caller's; null for the first. MLflow fails with a 500 on
 * a token that it did not make, which clients would send again. Throws `invalid-parameter` for a token that is not the caller's.
 */
export function askedPage(tokens: PageTokens, grant: Grant, principal: Principal): Page | null {
  const given = textMeaning(grant.endpoint, grant.message, 'pageToken')
  return given === null ? null : { token: tokens.open(given, bindingOf(grant, principal)).token, size: null }
}

/** The answer with the token of its next page, where there is one, made the caller's own. */
export function sealNext(tokens: PageTokens, grant: Grant, principal: Principal, answer: JsonObject): JsonObject {
  const next = answer.get('next_page_token')
  if (typeof next !== 'string' || next === '' || !Object.values(grant.endpoint.fields).includes('pageToken')) return answer
  return new Map(answer).set('next_page_token', tokens.seal({ token: next, skip: 0 }, bindingOf(grant, principal)))
}
