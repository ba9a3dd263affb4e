import { attributePair, tagAttribute } from '../../policy/checks/traces/span-attributes.ts'
import { isLinkedPrompts } from '../../policy/checks/traces/trace-tags.ts'
import type { Json } from '../../policy/messages/json/json.ts'
import { renameEntries } from '../tag-names.ts'

/** Attributes of a span with the tags among them in upstream names. All others are the client's own, and come back as they went. */
export function upstreamSpanAttributes(attributes: Json, rename: (name: string) => string | null): Json {
  if (!Array.isArray(attributes)) return attributes
  return attributes.map((attribute) => {
    const [key, text] = attributePair(attribute)
    if (
      !(attribute instanceof Map) ||
      text === '' ||
      !key.startsWith(tagAttribute) ||
      !isLinkedPrompts(key.slice(tagAttribute.length))
    )
      return attribute
    return new Map(attribute).set('value', new Map([['string_value', renameEntries(text, rename)]]))
  })
}
