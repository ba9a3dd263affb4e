import { withoutTrailing } from '../../policy/names/trailing.ts'
import type { ConfigFile } from './config-file.ts'
import type { IssuerEntry } from './issuer-entry.ts'
import { type IssuerSettings, workspaceIssuer } from './issuer-settings.ts'

/** The short form, as the issuer that it stands for. */
type EntraEntry = NonNullable<ConfigFile['authentication']['entra']>

/** A tenant as the file means it. */
export function completeEntra({ tenantId = '', audiences = [], authority, guests }: IssuerEntry | EntraEntry) {
  return {
    tenantId: tenantId.toLowerCase(),
    audiences: [...audiences],
    authority: withoutTrailing(authority ?? 'https://login.microsoftonline.com', '/'),
    ...(guests === 'accept' ? { guests } : {}),
  }
}

function completeReview(tokenReview: IssuerEntry['tokenReview']) {
  if (tokenReview === undefined) return {}
  return { tokenReview: { ...tokenReview, url: withoutTrailing(tokenReview.url, '/') } }
}

/** An issuer as the file means it, once it is checked. */
function completeIssuer(entry: IssuerEntry): IssuerSettings {
  const { kind, groupPrefix, issuer = '', claims = {}, keysUrl, tokenFile, tokenReview } = entry
  const audiences = [...(entry.audiences ?? [])]
  const keysAt = { ...(keysUrl === undefined ? {} : { keysUrl }), ...(tokenFile === undefined ? {} : { tokenFile }) }
  switch (kind) {
    case 'entra':
      return { kind, ...completeEntra(entry), groupPrefix }
    case 'oidc': {
      const { id = ['sub'], name = ['preferred_username'], groups = ['groups'] } = claims
      return { kind, issuer, audiences, claims: { id, name, groups }, ...keysAt, groupPrefix }
    }
    case 'kubernetes':
      return { kind, issuer, audiences, ...keysAt, ...completeReview(tokenReview), groupPrefix }
    case 'databricks': {
      const workspace = new URL(entry.workspace ?? '').origin
      return { kind, workspace, issuer: workspaceIssuer(workspace), audiences, groupPrefix }
    }
  }
}

/** All issuers of the file, that of the short form first. */
export function completeIssuers({ authentication: { entra, issuers } }: ConfigFile): readonly IssuerSettings[] {
  const home: IssuerSettings[] = entra === undefined ? [] : [{ kind: 'entra', ...completeEntra(entra), groupPrefix: '' }]
  return [...home, ...issuers.map(completeIssuer)]
}

/** The workspace that is asked about personal access tokens; undefined: they are refused. */
export function personalWorkspace({ authentication: { databricksTokens, issuers }, upstream }: ConfigFile): string | undefined {
  const workspaces = issuers.flatMap(({ kind, workspace }) =>
    kind === 'databricks' && workspace !== undefined ? [workspace] : [],
  )
  const [only = ''] = upstream.kind === 'databricks' ? [upstream.url] : workspaces.length === 1 ? workspaces : []
  return databricksTokens && URL.canParse(only) ? new URL(only).origin : undefined
}
