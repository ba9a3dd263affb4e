import { type Expectation, readIssuers } from '../../policy/identity/claims.ts'
import { parseJson } from '../../policy/messages/json/json-text.ts'
import { withoutTrailing } from '../../policy/names/trailing.ts'

/** Signatures that are accepted. */
export type Algorithm = 'RS256' | 'ES256'

/** Where an issuer publishes its keys. */
export interface KeyPlace {
  /** The address of the key set; `read` gets a document from the issuer. Rejects if the issuer does not say it. */
  readonly locate: (read: (url: string) => Promise<string>) => Promise<string>
  /** Whether a key that says whose it is may sign for this issuer. */
  readonly isOwn: (issuer: string) => boolean
  readonly algorithms: readonly Algorithm[]
  /** A file with the token that the issuer is asked with; left out: it is asked without. */
  readonly tokenFile?: string
}

/** Entra ID's keys. It marks keys that are only for some tenants: `https://login.microsoftonline.com/{tenantid}/v2.0`. */
export function entraKeys(entra: Expectation): KeyPlace {
  const issuers = Object.values(readIssuers(entra))
  return {
    locate: async () => `${withoutTrailing(entra.authority, '/')}/${entra.tenantId}/discovery/v2.0/keys`,
    isOwn: (issuer) => issuers.includes(issuer.replace(/\{tenantid\}/i, entra.tenantId.toLowerCase())),
    algorithms: ['RS256'],
  }
}

/** Where the keys of an issuer are that says so itself (OpenID Connect Discovery 1.0), unless `keysUrl` does. */
export function openidKeys(issuer: string, keysUrl?: string, tokenFile?: string): KeyPlace {
  return {
    locate: async (read) =>
      keysUrl ?? readDiscovery(issuer, await read(`${withoutTrailing(issuer, '/')}/.well-known/openid-configuration`)),
    isOwn: (said) => said === issuer,
    algorithms: ['RS256', 'ES256'],
    ...(tokenFile === undefined ? {} : { tokenFile }),
  }
}

const limits = { maxDepth: 16, maxKeys: 1_000 }

/** The address of the keys in an issuer's own description. Throws if it is another issuer's, or would fetch them unprotected. */
function readDiscovery(issuer: string, text: string): string {
  const document = parseJson(text, limits)
  const [said, keys] = document instanceof Map ? [document.get('issuer'), document.get('jwks_uri')] : []
  if (said !== issuer)
    throw new Error('the description of the issuer is not its own: its `issuer` differs from the configured one')
  if (typeof keys !== 'string' || !URL.canParse(keys)) throw new Error('the description of the issuer has no jwks_uri')
  // What was configured with https stays with it: an issuer on loopback may use http.
  if (!keys.startsWith('https://') && new URL(keys).origin !== new URL(issuer).origin)
    throw new Error('the jwks_uri of the issuer is not https')
  return keys
}
