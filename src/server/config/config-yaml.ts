import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml'
import { noPlaces, type Places, pathId } from './config-places.ts'
import type { ConfigPath, ConfigProblem, Finding, Place } from './config-problem.ts'

/** Larger files are refused: a configuration has a few KiB. */
const maximumFileBytes = 256 * 1024
const maximumDepth = 20
const maximumSyntaxErrors = 20

/** What a file says, as plain data, and where it says it. With syntax problems there is no data. */
export interface YamlFile {
  readonly data: unknown
  readonly places: Places
  /** Problems of syntax: their places are known from the parser. */
  readonly syntax: readonly ConfigProblem[]
  readonly findings: readonly Finding[]
}

/** Reads one YAML 1.2 document (core schema, no anchors, aliases, tags or duplicate keys). Never throws. */
export function readYaml(bytes: Uint8Array): YamlFile {
  const empty = { data: null, places: noPlaces(), findings: [] }
  if (bytes.length > maximumFileBytes) {
    return { ...empty, syntax: [unplaced(`is larger than ${maximumFileBytes / 1024} KiB; keep only the configuration in it`)] }
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { ...empty, syntax: [unplaced('is not UTF-8 text; save it as UTF-8')] }
  }
  try {
    return readText(text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { ...empty, syntax: [unplaced('is nested too deeply to be read; keep only the configuration in it')] }
  }
}

function unplaced(message: string): ConfigProblem {
  return { path: '', line: 0, column: 0, variable: null, message }
}

function readText(text: string): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    schema: 'core',
    version: '1.2',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
  })
  // The parser reports its own stack overflow as an error of syntax.
  if (document.errors.some(({ message }) => /call stack|stack overflow/i.test(message))) throw new RangeError('too deep')
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1), variable: null }
  }
  const syntax = [...findSyntaxErrors(document, placeAt), ...findForbiddenNodes(document, placeAt)]
  if (syntax.length > 0) return { data: null, places: noPlaces(), syntax, findings: [] }
  const reading: Reading = { places: noPlaces(), findings: [], placeAt }
  return { data: convert(document.contents, [], reading), places: reading.places, syntax: [], findings: reading.findings }
}

/** One error a place, and not more than a person reads: the parser's later errors mostly follow from the first. */
function findSyntaxErrors(document: Document.Parsed, placeAt: (offset: number) => Place): ConfigProblem[] {
  const problems = new Map<string, ConfigProblem>()
  for (const error of [...document.errors, ...document.warnings.filter(({ code }) => code !== 'TAG_RESOLVE_FAILED')]) {
    const place = placeAt(error.pos[0])
    const message =
      error.code === 'MULTIPLE_DOCS'
        ? 'a second YAML document starts here; keep everything in one and remove the `---`'
        : `this is not valid YAML: ${error.message.replace(/\s+/g, ' ')}`
    const id = `${place.line}:${place.column}`
    if (!problems.has(id) && problems.size < maximumSyntaxErrors) problems.set(id, { path: '', ...place, message })
  }
  return [...problems.values()]
}

function findForbiddenNodes(document: Document.Parsed, placeAt: (offset: number) => Place): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const complain = (node: Node, message: string) => problems.push({ path: '', ...placeAt(node.range?.[0] ?? 0), message })
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) complain(node, `the alias *${node.source} is not supported; write the value out`)
      else if (node.anchor !== undefined) complain(node, `the anchor &${node.anchor} is not supported; remove it`)
      else if (node.tag !== undefined) complain(node, `the tag ${node.tag} is not supported; remove it`)
    },
  })
  return problems
}

interface Reading {
  readonly places: Places
  readonly findings: Finding[]
  readonly placeAt: (offset: number) => Place
}

function convert(node: unknown, path: ConfigPath, reading: Reading): unknown {
  if (path.length > maximumDepth) throw new RangeError('too deep')
  if (isNode(node) && node.range) reading.places.values.set(pathId(path), reading.placeAt(node.range[0]))
  if (isMap(node)) return convertMap(node, path, reading)
  if (isSeq(node)) return node.items.map((item, index) => convert(item, [...path, index], reading))
  return isScalar(node) ? node.value : null
}

function convertMap(map: YAMLMap, path: ConfigPath, reading: Reading): Record<string, unknown> {
  const entries = new Map<string, unknown>()
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? (typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))) : null
    if (name === null) {
      reading.findings.push({ path, message: 'has a key that is a list or a map; write a plain word' })
      continue
    }
    const inner = [...path, name]
    const place = isNode(key) && key.range ? reading.placeAt(key.range[0]) : null
    if (entries.has(name)) {
      const first = reading.places.keys.get(pathId(inner))
      const message = `\`${name}\` is written twice (first in line ${first?.line ?? '?'}); keep one`
      reading.findings.push({ path: inner, message, ...(place === null ? {} : { place }) })
      continue
    }
    if (place !== null) reading.places.keys.set(pathId(inner), place)
    entries.set(name, convert(value, inner, reading))
  }
  return Object.fromEntries(entries)
}
