import type { IssuerSettings, TokenReviewSettings } from './issuer-settings.ts'

/** A list of names that lead to a claim. */
type ClaimPath = readonly string[]

/** An issuer as written. */
export interface IssuerEntry {
  readonly kind: IssuerSettings['kind']
  readonly groupPrefix: string
  readonly audiences?: readonly string[]
  readonly tenantId?: string
  readonly authority?: string
  readonly guests?: 'refuse' | 'accept'
  readonly issuer?: string
  readonly claims?: { readonly id?: ClaimPath; readonly name?: ClaimPath; readonly groups?: ClaimPath }
  readonly keysUrl?: string
  readonly tokenFile?: string
  readonly tokenReview?: TokenReviewSettings
  readonly workspace?: string
}
