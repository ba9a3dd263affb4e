/** The authenticated caller. `tenantId` + `objectId` is the key; names and e-mail addresses never are. */
export interface Principal {
  readonly tenantId: string
  readonly objectId: string
  readonly kind: 'user' | 'application'
  /** Values of the `roles` and `groups` claims, without repeats. */
  readonly groups: readonly string[]
}
