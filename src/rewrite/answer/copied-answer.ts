import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { copiedRow } from '../../policy/messages/copied-rows.ts'
import type { CopiedLists, RowPattern } from '../../policy/messages/json/copied-lists.ts'
import { hasShape, shapeOf } from '../../policy/messages/message-shape.ts'
import { oncePer } from '../../policy/once-per.ts'
import { planOf } from './answer-plan.ts'
import { skimPattern } from './skimmed-rows.ts'

/** The lists in a message; `outer`: what it is in, for a message may hold itself. */
function listsIn(message: string, outer: readonly string[]): CopiedLists {
  const lists = new Map<string, RowPattern>()
  const inside = new Map<string, CopiedLists>()
  for (const [name, { message: rows = '', repeated, map }] of shapeOf(message).fields) {
    if (map || !hasShape(rows) || outer.includes(rows) || planOf(message).meaningOf(name) !== null) continue
    const row = repeated ? copiedRow(rows, 'answer') : undefined
    const within = listsIn(rows, [...outer, rows])
    if (row !== undefined && !planOf(rows).isOwned && !planOf(rows).isRenamed) lists.set(name, row)
    else {
      const skimmed = repeated ? skimPattern(rows) : undefined
      if (skimmed !== undefined) inside.set(name, { ...within, row: skimmed })
      else if (within.lists.size + within.inside.size > 0) inside.set(name, within)
    }
  }
  return { lists, inside }
}

/** The lists of an endpoint's answers that are copied: nothing in their rows is anybody's own or named anew. */
export const copiedInAnswer = oncePer(({ response }: OpenEndpoint): CopiedLists => listsIn(response, [response]))
