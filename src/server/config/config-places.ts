import type { ConfigPath, ConfigProblem, Finding, Place } from './config-problem.ts'
import { isWithin, showPath } from './config-problem.ts'

/** Where each key and each value of the configuration was written. */
export interface Places {
  readonly keys: Map<string, Place>
  readonly values: Map<string, Place>
}

/** No places yet. */
export function noPlaces(): Places {
  return { keys: new Map(), values: new Map() }
}

/** A path as a map key; unlike the shown form, never the same for two paths. */
export function pathId(path: ConfigPath): string {
  return JSON.stringify(path)
}

/** Says that the value at `path`, with all that is in it, came from elsewhere. */
export function movePlaces(places: Places, path: ConfigPath, place: Place): void {
  for (const map of [places.keys, places.values]) {
    for (const id of map.keys()) {
      const known: unknown = JSON.parse(id)
      if (Array.isArray(known) && isWithin(known, path)) map.delete(id)
    }
  }
  places.keys.set(pathId(path), place)
  places.values.set(pathId(path), place)
}

/** Gives each finding its place: its own value or key, else the nearest key around it. Sorted as a reader meets them. */
export function placeFindings(findings: readonly Finding[], places: Places): ConfigProblem[] {
  const problems = findings.map((finding) => ({
    path: showPath(finding.path),
    ...placeOf(finding, places),
    message: finding.message,
  }))
  const seen = new Set<string>()
  return problems
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .filter((problem) => {
      const id = JSON.stringify(problem)
      return seen.has(id) ? false : seen.add(id) !== undefined
    })
}

function placeOf(finding: Finding, places: Places): Place {
  if (finding.place !== undefined) return finding.place
  const own = pathId(finding.path)
  const found = finding.atKey === true ? places.keys.get(own) : (places.values.get(own) ?? places.keys.get(own))
  if (found !== undefined) return found
  for (let length = finding.path.length - 1; length > 0; length--) {
    const id = pathId(finding.path.slice(0, length))
    const around = places.keys.get(id) ?? places.values.get(id)
    if (around !== undefined) return around
  }
  return { line: 1, column: 1, variable: null }
}
