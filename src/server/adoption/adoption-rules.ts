import type { StoredThing } from './stored-things.ts'

/** Which environment gets what has a name; see schema/adoption.schema.json. */
export interface AdoptionRule {
  /** `*` stands for any characters, `/` too, and `?` for one. */
  readonly match: string
  /** Left out: it stays as it is. */
  readonly environment?: string
  /** What the environment's callers call it; `$1` is what the first `*` stands for. Left out: its name. */
  readonly name?: string
}

/** Rules by kind; of several that match the first counts. */
export interface AdoptionRules {
  readonly models?: readonly AdoptionRule[]
  readonly experiments?: readonly AdoptionRule[]
}

/** What each `*` of a pattern stands for in a text, as little as possible; null where the pattern does not match. */
export function matchGlob(pattern: string, text: string): readonly string[] | null {
  const starts: number[] = []
  const ends: number[] = []
  let [at, from] = [0, 0]
  // Where the last star is, and up to where it stands for characters.
  let [star, upTo] = [-1, 0]
  while (from < text.length) {
    const expected = pattern[at]
    if (expected === '*') {
      ;[star, upTo] = [at, from]
      starts.push(from)
      ends[starts.length - 1] = from
      at += 1
    } else if (expected === '?' || (expected !== undefined && expected === text[from])) {
      ;[at, from] = [at + 1, from + 1]
    } else if (star === -1) {
      return null
    } else {
      upTo += 1
      ends[starts.length - 1] = upTo
      ;[at, from] = [star + 1, upTo]
    }
  }
  for (; pattern[at] === '*'; at++) ends[starts.push(from) - 1] = from
  return at === pattern.length ? starts.map((start, index) => text.slice(start, ends[index])) : null
}

/** The first rule that matches a thing, with the name that it gives; `name` is null where the rule gives none. */
export function findRule(rules: AdoptionRules, { kind, name }: StoredThing): { rule: AdoptionRule; name: string | null } | null {
  for (const rule of (kind === 'model' ? rules.models : rules.experiments) ?? []) {
    const stars = matchGlob(rule.match, name)
    if (stars === null) continue
    const given = rule.name?.replace(/\$([0-9])/g, (_, digit: string) =>
      digit === '0' ? name : (stars[Number(digit) - 1] ?? ''),
    )
    return { rule, name: given ?? null }
  }
  return null
}
