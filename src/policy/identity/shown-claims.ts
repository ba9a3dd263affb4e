import type { JsonObject } from '../messages/json/json.ts'
import type { Principal } from './principal.ts'

/** The first of these claims that is a text, as far as people need it. */
function firstText(claims: JsonObject, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = claims.get(name)
    if (typeof value === 'string' && value.trim() !== '') return value.slice(0, 255)
  }
  return undefined
}

/** The application that a token was issued to: Entra ID and OpenID Connect have these names for it. */
export function applicationIn(claims: JsonObject): Pick<Principal, 'applicationId'> {
  const applicationId = firstText(claims, ['azp', 'appid', 'client_id'])
  return applicationId === undefined ? {} : { applicationId }
}

/** Entra's name for a user. */
export function userNameIn(claims: JsonObject): Pick<Principal, 'name'> {
  const name = firstText(claims, ['upn', 'preferred_username', 'unique_name'])
  return name === undefined ? {} : { name }
}
