/** The rows of a list that may be copied. */
export interface RowPattern {
  /** Finds one whole row of which every reader of JSON says the same; it is sticky. */
  readonly pattern: RegExp
  /** As how many values a row is counted: itself, and as many members as it may have. */
  readonly values: number
}

/** Lists that are copied as the text that they are, by the members that hold them, and members with such lists inside. */
export interface CopiedLists {
  readonly lists: ReadonlyMap<string, RowPattern>
  readonly inside: ReadonlyMap<string, CopiedLists>
}
