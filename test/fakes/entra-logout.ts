import type { ClientMetadata, Configuration } from 'oidc-provider'
import { loginPaths } from '../../src/server/http/login-paths.ts'
import type { BrowserClient } from '../harness/browser-client.ts'
import type { EntraLogin } from './entra-login.ts'

/** How a proxy is registered that hears of logouts. */
export function backChannel(publicUrl: string): Partial<ClientMetadata> {
  return { backchannel_logout_uri: `${publicUrl}${loginPaths.backChannelLogout}`, backchannel_logout_session_required: true }
}

/** Sends logout tokens to where the proxy really is. */
export function telling(fake: EntraLogin): NonNullable<Configuration['fetch']> {
  return (url, { method = 'GET', headers = {}, body = '' } = {}) => {
    const { pathname, origin } = new URL(String(url))
    fake.told.push(new URLSearchParams(String(body)).get('logout_token') ?? '')
    // Without the library's own connections, which lead to no machine of a private network.
    return fetch(`${fake.proxyAt ?? origin}${pathname}`, { method, headers, body: String(body), redirect: 'manual' })
  }
}

/** Logs out at the issuer, as on another application's page: of all that the browser is logged in to there. */
export async function logOutAtIssuer({ authority, tenantId }: EntraLogin, browser: BrowserClient): Promise<number> {
  const { text } = await browser.open(`${authority}/${tenantId}/oauth2/v2.0/logout`)
  const [, action = ''] = /action="([^"]+)"/.exec(text) ?? []
  const [, secret = ''] = /name="xsrf" value="([^"]+)"/.exec(text) ?? []
  const cookie = [...browser.jar(authority)].map(([name, value]) => `${name}=${value}`).join('; ')
  const body = new URLSearchParams({ xsrf: secret, logout: 'yes' })
  const { status } = await fetch(action, { method: 'POST', body, headers: { cookie }, redirect: 'manual' })
  return status
}
