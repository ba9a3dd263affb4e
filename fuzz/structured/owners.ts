import type { Belongings } from '../../test/fixtures/tenancy.ts'

/** A text as the most lenient parser reads it: decoded until it no longer changes, folded, without invisible characters. */
function generously(text: string): string {
  let found = text
  for (let round = 0; round < 12; round++) {
    const next = Buffer.from(
      Buffer.from(found)
        .toString('latin1')
        .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString('utf8')
    if (next === found) break
    found = next
  }
  return found
    .normalize('NFKC')
    .replace(/[\s\p{Cc}\p{Cf}\p{Z}]/gu, '')
    .toLowerCase()
}

/** The number as which Python or a database could read a text; null if none. */
function generousNumber(text: string): string | null {
  const [, digits] = /^[+'"]?0*([0-9]+?)(?:\.0*)?['"]?$/.exec(generously(text).replaceAll('_', '')) ?? []
  return digits ?? null
}

const plainly = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

const hexes = new WeakMap<Belongings, readonly string[]>()
/** The hexadecimal digits in an owner's ids. */
function hexesOf(place: Belongings): readonly string[] {
  const known = hexes.get(place)
  if (known !== undefined) return known
  const ids = [
    place.run(1),
    place.run(2),
    place.run(3),
    place.model(1),
    place.trace(1),
    place.entity('d'),
    place.gateway('e'),
    place.scorer,
  ]
  const found = [...new Set(ids.map((id) => id.replace(/^[a-z]+-/, '').toLowerCase()))].filter((digits) => digits.length >= 30)
  hexes.set(place, found)
  return found
}

const idIn = (place: Belongings, plain: string) => hexesOf(place).some((digits) => plain.includes(digits))

/** Whether a text contains an owner's id. */
export const holdsId = (place: Belongings, text: string): boolean => idIn(place, generously(text))

/** Whether a text contains an owner's id, or a name of theirs as MLflow stores it. */
export function names(place: Belongings, text: string): boolean {
  const plain = generously(text)
  if (idIn(place, plain)) return true
  const [before = '', after = ''] = place.stored('\u0001').split('\u0001')
  const stored = before === '' ? new RegExp(`[\\w-]${plainly(after)}(?![\\w-])`) : new RegExp(`(?<![\\w.-])${plainly(before)}\\w`)
  return stored.test(plain) || plain.replace(/^\/workspace(?=\/)/, '').startsWith(`${place.environment.experimentRoot}/`)
}

/** Whether the whole text is an owner's name as MLflow stores it, of an experiment or of anything else. */
export function isNamed(place: Belongings, text: string, kind: 'experiment' | 'other'): boolean {
  const plain = generously(text)
  const [before = '', after = ''] = place.stored('\u0001').split('\u0001')
  const { modelSuffix, experimentRoot } = place.environment
  if (kind === 'experiment') return plain.replace(/^\/workspace(?=\/)/, '').startsWith(`${experimentRoot}/`)
  if (plain.endsWith(modelSuffix)) return true
  return before === '' ? plain.endsWith(after) : plain.startsWith(before)
}

const numbers = ({ experiment, frozenExperiment, defaultExperiment }: Belongings) => [
  experiment,
  frozenExperiment,
  defaultExperiment,
]

/** Whether a text is the id of an owner's experiment, or a path in it. */
export function numbersExperiment(place: Belongings, text: string): boolean {
  const first =
    generously(text)
      .replace(/^(?:[a-z-]+:)?\/*(?:databricks\/mlflow-tracking\/)?/, '')
      .split('/')[0] ?? ''
  return numbers(place).includes(generousNumber(first) ?? '')
}

/** Whether the whole text is the id of an owner's resource of one kind. */
export function isId(place: Belongings, kind: 'run' | 'model' | 'trace' | 'issue', text: string): boolean {
  const plain = generously(text)
  if (kind === 'issue') return plain === place.entity('iss')
  return [1, 2, 3].some((number) => place[kind](number) === plain)
}
