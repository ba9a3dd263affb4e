/** How the groups of one issuer are told apart from those of others. */
export interface GroupOrigin {
  /** Stands before each group of the issuer. */
  readonly groupPrefix: string
  /** Beginnings of groups that only other issuers may give. */
  readonly reserved: readonly string[]
}

/** Groups of one issuer as the configuration names them, each once; without those that are for others to give. */
export function groupsFrom({ groupPrefix, reserved }: GroupOrigin, groups: readonly string[]): readonly string[] {
  const named = [...new Set(groups)].map((group) => `${groupPrefix}${group}`)
  return Object.freeze(named.filter((group) => !reserved.some((beginning) => group.startsWith(beginning))))
}
