/** Options of an `LRUCache` with at most this many entries. Unlike its `max`, they do not make it allocate the room for all of them at once. */
export function entriesAtMost(most: number): { readonly maxSize: number; readonly sizeCalculation: () => 1 } {
  return { maxSize: most, sizeCalculation: () => 1 }
}
