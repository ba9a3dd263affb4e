import { type Environment, type PolicyConfig, usesCatalog } from '../environments/environment.ts'
import { oncePer } from '../once-per.ts'
import { foldedEdges, readings, within } from './look-alikes.ts'
import { longestName, type NameKind } from './name-form.ts'
import { ownText } from './own-text.ts'

/** A text in an environment's namespace, and what is left of it there. */
export interface Claim {
  readonly owner: Environment
  readonly logical: string
}

/** Whether upstream names differ by more than case: Unity Catalog writes all names in lower case. */
export function foldsCase(config: PolicyConfig, kind: NameKind): boolean {
  return config.foldsCase || (kind === 'model' && usesCatalog(config))
}

/** What stands before and behind an environment's names upstream: never both. */
export function frame(config: PolicyConfig, kind: NameKind, owner: Environment): { before: string; after: string } {
  if (kind === 'experiment') return { before: `${owner.experimentRoot}/`, after: '' }
  // Without a schema nothing is the environment's: no name has a space before it.
  if (kind === 'model' && usesCatalog(config)) return { before: `${owner.unityCatalogSchema ?? ' '}.`, after: '' }
  return { before: '', after: owner.modelSuffix }
}

/** Whether a database may take other letters for those of a frame. What is longer than a name is none, and would keep this busy. */
function looksAlike(config: PolicyConfig, kind: NameKind, text: string): boolean {
  return config.foldsCase && !(kind === 'model' && usesCatalog(config)) && text.length <= 2 * longestName
}

/** What is left of a stored name in an environment's frame; null where it does not lie in it. */
export function inFrame(config: PolicyConfig, kind: NameKind, owner: Environment, text: string): string | null {
  const { before, after } = frame(config, kind, owner)
  const fold = (value: string) => (foldsCase(config, kind) ? value.toLowerCase() : value)
  if (text.length >= before.length + after.length && fold(text).startsWith(fold(before)) && fold(text).endsWith(fold(after)))
    return text.slice(before.length, text.length - after.length)
  return looksAlike(config, kind, text) ? within(text, before, after) : null
}

/** Claims that are remembered for each kind of name: requests and answers name the same things again and again. */
const most = 2_000

/** Environments by what stands before or behind their names, so that no name costs more where there are more of them. */
interface FrameIndex {
  readonly edge: 'start' | 'end'
  /** By the frame's text, folded where names are; each with its place among all. */
  readonly owners: ReadonlyMap<string, readonly number[]>
  /** How long those texts are. */
  readonly lengths: readonly number[]
  readonly longest: number
  /** The claims of the texts that came last. */
  readonly known: Map<string, readonly Claim[]>
}

function makeIndex(config: PolicyConfig, kind: NameKind): FrameIndex {
  const frames = config.environments.map((owner) => frame(config, kind, owner))
  const texts = frames.map(({ before, after }) => (foldsCase(config, kind) ? `${before}${after}`.toLowerCase() : before + after))
  const owners = Map.groupBy(texts.keys(), (at) => texts[at] ?? '')
  const lengths = [...new Set(texts.map(({ length }) => length))]
  const edge = frames.some(({ before }) => before !== '') ? 'start' : 'end'
  return { edge, owners, lengths, longest: Math.max(0, ...lengths), known: new Map() }
}

const indicesOf = oncePer((_config: PolicyConfig) => new Map<NameKind, FrameIndex>())

function indexOf(config: PolicyConfig, kind: NameKind): FrameIndex {
  const indices = indicesOf(config)
  const index = indices.get(kind) ?? makeIndex(config, kind)
  indices.set(kind, index)
  return index
}

/** Environments whose namespaces a text may lie in. */
function candidates(config: PolicyConfig, kind: NameKind, text: string): readonly number[] {
  const { edge, owners, lengths, longest } = indexOf(config, kind)
  const folded = foldsCase(config, kind) ? text.toLowerCase() : text
  const edges = lengths
    .filter((length) => length <= folded.length)
    .map((length) => (edge === 'start' ? folded.slice(0, length) : folded.slice(folded.length - length)))
  const alike = looksAlike(config, kind, text) ? foldedEdges(text, edge, longest) : []
  const found = [...edges, ...alike].flatMap((each) => owners.get(each) ?? [])
  return found.length < 2 ? found : [...new Set(found)].sort((a, b) => a - b)
}

function findClaims(config: PolicyConfig, kind: NameKind, text: string): readonly Claim[] {
  return candidates(config, kind, text).flatMap((at) => {
    const owner = config.environments[at]
    const logical = owner === undefined ? null : inFrame(config, kind, owner, text)
    return owner === undefined || logical === null ? [] : [{ owner, logical }]
  })
}

/** Which environments' namespaces a text lies in; more than one, or a nested one, makes it nobody's. */
export function claims(config: PolicyConfig, kind: NameKind, text: string): readonly Claim[] {
  const { known } = indexOf(config, kind)
  const remembered = known.get(text)
  if (remembered !== undefined) return remembered
  if (text.length > longestName) return findClaims(config, kind, text)
  const name = ownText(text)
  const found = findClaims(config, kind, name)
  if (known.size >= most) known.clear()
  known.set(name, found)
  return found
}

const rootsOf = oncePer(
  (environments: readonly Environment[]) => new Set(environments.flatMap(({ experimentRoot }) => readings(experimentRoot))),
)

/** Whether a name is an environment's own folder of experiments. */
export function isRoot(config: PolicyConfig, name: string): boolean {
  if (config.foldsCase) return readings(name).some((reading) => rootsOf(config.environments).has(reading))
  return indexOf(config, 'experiment').owners.has(`${name}/`)
}
