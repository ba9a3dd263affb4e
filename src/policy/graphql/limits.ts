import { type DocumentNode, type FieldNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql'

/** MLflow's own limits. */
const most = { rootFields: 10, aliases: 10, depth: 10, selections: 1_000 } as const

interface Level {
  readonly fields: readonly FieldNode[]
  readonly aliases: number
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

/** The fields of one level, with those of fragments that are spread in it. */
function levelOf(set: SelectionSetNode, fragments: Fragments, seen: Set<string> = new Set()): Level {
  const levels = set.selections.map((selection): Level => {
    if (selection.kind === Kind.FIELD) return { fields: [selection], aliases: selection.alias === undefined ? 0 : 1 }
    if (selection.kind === Kind.INLINE_FRAGMENT) return levelOf(selection.selectionSet, fragments, seen)
    const fragment = fragments.get(selection.name.value)
    if (fragment === undefined || seen.has(fragment.name.value)) return { fields: [], aliases: 0 }
    seen.add(fragment.name.value)
    return levelOf(fragment.selectionSet, fragments, seen)
  })
  return {
    fields: levels.flatMap(({ fields }) => fields),
    aliases: levels.reduce((sum, { aliases }) => sum + aliases, 0),
  }
}

function tooMany(limit: number, things: string, found: number): string {
  return `GraphQL queries should have at most ${limit} ${things}, got ${found} ${things}.`
}

/** What of a document is over a limit, in MLflow's words, or null. Its depth and size are counted with all fragments in their places. */
export function overLimit(document: DocumentNode): string | null {
  const fragments: Fragments = new Map(
    document.definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [])),
  )
  const waiting = document.definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION ? [{ set: node.selectionSet, depth: 1 }] : [],
  )
  let [roots, aliases, selections] = [0, 0, 0]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { set, depth } = next
    if (depth > most.depth) return `Query exceeds maximum depth of ${most.depth}`
    const level = levelOf(set, fragments)
    if (depth === 1) roots += level.fields.length
    aliases = Math.max(aliases, level.aliases)
    selections += level.fields.length
    if (selections > most.selections) return `Query exceeds maximum total selections of ${most.selections}`
    for (const { selectionSet } of level.fields) if (selectionSet) waiting.push({ set: selectionSet, depth: depth + 1 })
  }
  if (roots > most.rootFields) return tooMany(most.rootFields, 'root fields', roots)
  return aliases > most.aliases ? tooMany(most.aliases, 'aliases', aliases) : null
}
