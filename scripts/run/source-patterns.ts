// Finds every regular expression in src.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const root = join(import.meta.dirname, '../..')

/** A regular expression of a source file. */
export interface Pattern {
  readonly source: string
  readonly flags: string
  /** File and line of its first occurrence. */
  readonly place: string
}

/** Replaces a part that is only known at run time: each such part is text of the configuration, or escaped. */
const placeholder = 'a-part'

function textOf(node: ts.Expression): string {
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => placeholder + literal.text).join('')
  throw new Error(`a pattern that cannot be read: ${node.getText()}`)
}

function patternOf(node: ts.Node): readonly [source: string, flags: string] | null {
  if (ts.isRegularExpressionLiteral(node)) {
    const end = node.text.lastIndexOf('/')
    return [node.text.slice(1, end), node.text.slice(end + 1)]
  }
  if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return null
  const [source, flags] = node.arguments ?? []
  if (node.expression.getText() !== 'RegExp' || source === undefined) return null
  return [textOf(source), flags === undefined ? '' : textOf(flags)]
}

function patternsIn(file: string): Pattern[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true)
  const found: Pattern[] = []
  const requestContext = (node: ts.Node): void => {
    const pattern = patternOf(node)
    if (pattern !== null) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart())
      found.push({ source: pattern[0], flags: pattern[1], place: `${file}:${line + 1}` })
    }
    ts.forEachChild(node, requestContext)
  }
  requestContext(source)
  return found
}

/** All distinct patterns of src. Throws Error for one whose construction cannot be analysed. */
export function sourcePatterns(): readonly Pattern[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const all = files.sort().flatMap((name) => patternsIn(join('src', name)))
  return [...new Map(all.toReversed().map((pattern) => [`/${pattern.source}/${pattern.flags}`, pattern])).values()].toReversed()
}
