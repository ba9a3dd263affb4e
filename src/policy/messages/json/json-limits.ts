import type { CopiedLists } from './copied-lists.ts'
import type { Json } from './json.ts'

/** How much JSON is accepted: nesting of arrays and objects, members and items of all of them together, bare NaN and Infinity. */
export interface JsonLimits {
  readonly maxDepth?: number
  readonly maxKeys?: number
  readonly allowNaN?: boolean
  /** Of each object in a list that is the whole text, only these members are kept. The others are neither counted nor held in memory. */
  readonly members?: ReadonlySet<string>
  /**
   * Lists that are members of an object that is the whole text. Each item is printed as soon as it is read, so that such a list takes as much
   * memory as its text; it is not counted.
   */
  readonly printed?: ReadonlyMap<string, (item: Json) => Json>
  /** Lists that are copied where all their rows allow it. They are counted, but where they would be printed. */
  readonly copied?: CopiedLists
}
