/** The authenticated caller. `tenantId` + `objectId` is the key; names and e-mail addresses never are. */
export interface Principal {
  /** Who vouches for them: the Entra tenant, or the address of another issuer. */
  readonly tenantId: string
  /** What that issuer knows them by: Entra's object id, or the value of the configured claim. */
  readonly objectId: string
  readonly kind: 'user' | 'application'
  /** Values of the `roles` and `groups` claims, and what the directory added to them, without repeats. */
  readonly groups: readonly string[]
  /** The directory was asked; left out: all groups are the token's own. */
  readonly groupsFrom?: 'directory'
  /** The application that the token was issued to; left out: the token does not say. */
  readonly applicationId?: string
  /** For people to read; left out: the issuer gave none. */
  readonly name?: string
}
