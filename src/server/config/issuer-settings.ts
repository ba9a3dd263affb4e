import { type Expectation, readIssuers } from '../../policy/identity/claims.ts'
import type { GroupOrigin } from '../../policy/identity/issuer-groups.ts'
import { type KubernetesExpectation, serviceAccounts } from '../../policy/identity/kubernetes-claims.ts'
import type { OpenidExpectation } from '../../policy/identity/openid-claims.ts'
import type { WorkspaceExpectation } from '../../policy/identity/workspace-claims.ts'

/** Where signing keys are, if the issuer does not say so itself. */
interface KeysAt {
  readonly keysUrl?: string
  /** A file with the token that they are asked for with. */
  readonly tokenFile?: string
}

/** The API server of a cluster that is asked whether its tokens still hold. */
export interface TokenReviewSettings {
  readonly url: string
  /** A file with the proxy's own token for it, which is read anew for each question. */
  readonly tokenFile: string
}

/** What kinds of issuers there are, and what each has to say of its callers. */
type Kinds =
  | ({ readonly kind: 'entra' } & Expectation)
  | ({ readonly kind: 'oidc' } & OpenidExpectation & KeysAt)
  | ({ readonly kind: 'kubernetes'; readonly tokenReview?: TokenReviewSettings } & KubernetesExpectation & KeysAt)
  /** `workspace` is an origin. */
  | ({ readonly kind: 'databricks'; readonly workspace: string } & WorkspaceExpectation)

/** Whose tokens are accepted. */
export type IssuerSettings = Kinds & { readonly groupPrefix: string }

/** The values of `iss` by which an issuer's tokens say that they are its own. */
export function addressesOf(settings: Kinds): readonly string[] {
  return settings.kind === 'entra' ? Object.values(readIssuers(settings)) : [settings.issuer]
}

/** The issuer of a workspace's own OAuth tokens; its callers are known by this address, whatever token they have. */
export function workspaceIssuer(workspace: string): string {
  return `${workspace}/oidc`
}

/** How the groups of one kind of issuer are told apart from those of all the others. */
export function originOf(kind: Kinds['kind'], groupPrefix: string, all: readonly IssuerSettings[]): GroupOrigin {
  const prefixes = new Set(all.map((other) => other.groupPrefix).filter((prefix) => prefix !== '' && prefix !== groupPrefix))
  return { groupPrefix, reserved: [...prefixes, ...(kind === 'kubernetes' ? [] : [serviceAccounts])] }
}
