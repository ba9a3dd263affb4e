/** The authenticated caller. `tenantId` + `objectId` is the key; names and e-mail addresses never are. */
export interface Principal {
  readonly tenantId: string
  readonly objectId: string
  readonly kind: 'user' | 'application'
  /** Values of the `roles` and `groups` claims, and what the directory added to them, without repeats. */
  readonly groups: readonly string[]
  /** The directory was asked; left out: all groups are the token's own. */
  readonly groupsFrom?: 'directory'
}
