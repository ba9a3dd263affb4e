import { escapeHtml } from '../http/plain-page.ts'

/** The attributes of an element: numbers and texts, which are escaped. */
type Attributes = Readonly<Record<string, string | number>>

/** An element of a picture; `content` is SVG. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeHtml(String(value))}"`)
  return `<${name}${written.join('')}>${content}</${name}>`
}

/** A text at a point, cut to so many characters: pictures do not wrap. The whole of it is shown as a tip. */
export function label(text: string, most: number, attributes: Attributes): string {
  const characters = [...text]
  if (characters.length <= most) return element('text', attributes, escapeHtml(text))
  const cut = `${characters.slice(0, most - 1).join('')}…`
  return element('text', attributes, `${escapeHtml(cut)}${element('title', {}, escapeHtml(text))}`)
}
