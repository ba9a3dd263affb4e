import { type DefinitionNode, type FieldDefinitionNode, type InputValueDefinitionNode, Kind, parse, print, visit } from 'graphql'

type Member = FieldDefinitionNode | InputValueDefinitionNode

function union<M extends Member>(older: readonly M[] = [], newer: readonly M[] = []): M[] {
  return [...new Map([...older, ...newer].map((member) => [member.name.value, member])).values()]
}

function merge(older: DefinitionNode | undefined, newer: DefinitionNode): DefinitionNode {
  if (older?.kind === Kind.OBJECT_TYPE_DEFINITION && newer.kind === Kind.OBJECT_TYPE_DEFINITION)
    return { ...newer, fields: union(older.fields, newer.fields) }
  if (older?.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION && newer.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION)
    return { ...newer, fields: union(older.fields, newer.fields) }
  return newer
}

/** Descriptions are removed because programs don't need them, and the only default is null, which is the same as none. */
function strip(definition: DefinitionNode): DefinitionNode {
  return visit(definition, {
    enter(node) {
      if (node.kind === Kind.INPUT_VALUE_DEFINITION) return { ...node, description: undefined, defaultValue: undefined }
      return 'description' in node ? { ...node, description: undefined } : undefined
    },
  })
}

/** Merges the schemas of several versions, oldest first: every type and field that any of them has. */
export function mergeGraphql(schemas: readonly string[]): string {
  const merged = new Map<string, DefinitionNode>()
  for (const definition of schemas.flatMap((schema) => parse(schema).definitions)) {
    const name = 'name' in definition ? (definition.name?.value ?? '') : ''
    merged.set(name, merge(merged.get(name), strip(definition)))
  }
  const names = [...merged.keys()].sort()
  return names
    .flatMap((name) => merged.get(name) ?? [])
    .map(print)
    .join('\n\n')
}
