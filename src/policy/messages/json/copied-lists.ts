/** The rows of a list that may be copied. */
export interface RowPattern {
  /** Finds one whole row of which every reader of JSON says the same; it is sticky. */
  readonly pattern: RegExp
  /** As how many values a row is counted: itself, and as many members as it may have. */
  readonly values: number
}

/** The rows of a list of which only some members are read, and the rest may be copied. */
export interface SkimPattern {
  /**
   * Finds one whole row as a `RowPattern` does. Its groups are the row from its start on: what stands before each member that is read, and
   * the member's value, in turns.
   */
  readonly pattern: RegExp
  /** Where the members that are read stand in the row. */
  readonly paths: readonly (readonly string[])[]
  /** How many levels of brackets a row has. */
  readonly levels: number
}

/** Lists that are copied as the text that they are, by the members that hold them, and members with such lists inside. */
export interface CopiedLists {
  readonly lists: ReadonlyMap<string, RowPattern>
  readonly inside: ReadonlyMap<string, CopiedLists>
  /** Of what is itself the row of a list, if it may be skimmed. */
  readonly row?: SkimPattern
}
