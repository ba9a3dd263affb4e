/** What paths lead to, by templates such as `/traces/{trace_id}/info`: a parameter stands for one segment or a part of one, the last one may stand for several. */
export class PathTree<T> {
  readonly #root = new Node<T>()

  /** The first value that is added for a path counts: two MLflow versions may call its parameter by two names. */
  add(template: string, multiSegment: string | null, value: T): void {
    const [head = '', tail] = multiSegment === null ? [template] : template.split(`{${multiSegment}}`)
    // Before several segments there is a slash.
    const parts = (tail === undefined ? head : head.slice(0, -1)).split('/')
    const node = parts.reduce((at, part) => at.next(part), this.#root)
    if (tail === undefined) node.value ??= value
    else node.rest ??= value
  }

  /** The value for a path, as it is spelled. What a template says letter by letter goes before its parameters. */
  find(path: string): T | undefined {
    return this.#root.find(path.split('/'), 0)
  }
}

/** A segment of templates with what goes on behind it. */
class Node<T> {
  /** Of the path that ends here. */
  value: T | undefined
  /** Of every path that goes on from here. */
  rest: T | undefined
  readonly #literal = new Map<string, Node<T>>()
  /** By what stands before and behind a parameter in its segment. */
  readonly #parameters: { readonly before: string; readonly behind: string; readonly node: Node<T> }[] = []

  next(part: string): Node<T> {
    const [, before, behind] = /^([^{]*)\{[^{}]+\}(.*)$/.exec(part) ?? []
    if (before === undefined || behind === undefined) {
      const node = this.#literal.get(part) ?? new Node<T>()
      this.#literal.set(part, node)
      return node
    }
    const known = this.#parameters.find((each) => each.before === before && each.behind === behind)
    if (known !== undefined) return known.node
    const node = new Node<T>()
    this.#parameters.push({ before, behind, node })
    // `{name}:search` goes before `{name}`.
    this.#parameters.sort((a, b) => b.before.length + b.behind.length - a.before.length - a.behind.length)
    return node
  }

  find(parts: readonly string[], index: number): T | undefined {
    const part = parts[index]
    if (part === undefined) return this.value
    const found = this.#literal.get(part)?.find(parts, index + 1)
    if (found !== undefined) return found
    for (const { before, behind, node } of this.#parameters) {
      if (part.length <= before.length + behind.length || !part.startsWith(before) || !part.endsWith(behind)) continue
      const below = node.find(parts, index + 1)
      if (below !== undefined) return below
    }
    return this.rest
  }
}
