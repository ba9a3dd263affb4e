import type { IssuerSettings } from './issuer-settings.ts'

/** What people call an issuer. */
export function nameIssuer(settings: IssuerSettings): string {
  switch (settings.kind) {
    case 'entra':
      return `tenant ${settings.tenantId}`
    case 'oidc':
      return settings.issuer
    case 'kubernetes':
      return `the cluster ${settings.issuer}`
    case 'databricks':
      return `the workspace ${settings.workspace}`
  }
}

/** Where an issuer's signing keys come from. */
export function describeKeys(settings: IssuerSettings): string {
  if (settings.kind === 'entra') return settings.authority
  return 'keysUrl' in settings && settings.keysUrl !== undefined ? settings.keysUrl : settings.issuer
}

/** Several things of which one is meant, in words. */
export function listOr(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? 'nothing') : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`
}
