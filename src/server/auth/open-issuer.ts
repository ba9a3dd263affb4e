import type { GroupOrigin } from '../../policy/identity/issuer-groups.ts'
import { readServiceAccount } from '../../policy/identity/kubernetes-claims.ts'
import { readOpenidPrincipal } from '../../policy/identity/openid-claims.ts'
import { readWorkspaceToken } from '../../policy/identity/workspace-claims.ts'
import { nameIssuer } from '../config/describe-issuers.ts'
import { addressesOf, type IssuerSettings } from '../config/issuer-settings.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { entraIssuer, type Issuer, type Keys, withOrigin } from './issuer.ts'
import { entraKeys, type KeyPlace, openidKeys } from './key-place.ts'
import { type KeyReading, KeySource } from './key-source.ts'
import type { TokenReviews } from './token-reviews.ts'
import type { WorkspaceCallers } from './workspace-callers.ts'

/** Where an issuer's keys are. */
function keyPlaceOf(settings: IssuerSettings): KeyPlace {
  if (settings.kind === 'entra') return entraKeys(settings)
  if (settings.kind === 'databricks') return openidKeys(settings.issuer)
  return openidKeys(settings.issuer, settings.keysUrl, settings.tokenFile)
}

/** Reads the keys of an issuer in the background from now on. */
export function watchKeys(
  settings: IssuerSettings,
  outbound: Outbound | undefined,
  report: (reading: KeyReading) => void,
): KeySource {
  return new KeySource({ place: keyPlaceOf(settings), ...(outbound === undefined ? {} : { outbound }), report })
}

/** Who is asked about tokens besides. */
interface Confirming {
  /** A workspace, about its own tokens. */
  readonly callersOf: (workspace: string) => Pick<WorkspaceCallers, 'confirm'>
  /** The API server of the issuer's cluster; undefined: nobody. */
  readonly reviews: Pick<TokenReviews, 'confirm'> | undefined
}

/** An issuer as the configuration has it. */
export function openIssuer(
  settings: IssuerSettings,
  keys: Keys,
  origin: GroupOrigin,
  { callersOf, reviews }: Confirming,
): Issuer {
  const { algorithms } = keyPlaceOf(settings)
  const common = { name: nameIssuer(settings), addresses: addressesOf(settings), algorithms, keys }
  switch (settings.kind) {
    case 'entra':
      return entraIssuer(settings, keys, origin)
    case 'oidc':
      return { ...common, read: (claims, now) => withOrigin(readOpenidPrincipal(claims, settings, now), origin) }
    case 'kubernetes': {
      const read: Issuer['read'] = (claims, now) => withOrigin(readServiceAccount(claims, settings, now), origin)
      if (reviews === undefined) return { ...common, read }
      return { ...common, read, confirm: (token, verified) => reviews.confirm(token, verified) }
    }
    case 'databricks': {
      const callers = callersOf(settings.workspace)
      const confirm: Issuer['confirm'] = async (token, verified) => withOrigin(await callers.confirm(token, verified), origin)
      return { ...common, read: (claims, now) => readWorkspaceToken(claims, settings, now), confirm }
    }
  }
}
