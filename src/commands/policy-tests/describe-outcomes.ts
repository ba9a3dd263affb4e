import { isDeepStrictEqual } from 'node:util'
import { explanationData } from '../explain/describe-explanation.ts'
import type { Difference, Outcome } from './run-policy-test.ts'

/** A case with what became of it. */
export interface TestResult extends Outcome {
  readonly name: string
  /** In the file, from 1. */
  readonly line: number
}

const show = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Of two maps only the keys that differ. */
function narrow({ what, expected, found }: Difference): Difference[] {
  if (!isMap(expected) || !isMap(found)) return [{ what, expected, found }]
  return Object.keys(expected)
    .filter((key) => !isDeepStrictEqual(expected[key], found[key]))
    .flatMap((key) => narrow({ what: `${what}.${key}`, expected: expected[key], found: found[key] ?? null }))
}

function describeFailure(file: string, { name, line, differences, explanation }: TestResult): string {
  const lines = differences.flatMap(narrow).map(({ what, expected, found }) => {
    return `          ${what}\n            expected ${show(expected)}\n            found    ${show(found)}\n`
  })
  const because = explanation.message === null ? '' : `          message  ${explanation.message}\n`
  return `FAILED  ${name} (${file}:${line})\n${lines.join('')}${because}`
}

/** What became of the cases, for a person. */
export function describeResults(file: string, results: readonly TestResult[]): string {
  const failed = results.filter(({ differences }) => differences.length > 0)
  const lines = results.map((result) =>
    result.differences.length === 0 ? `ok      ${result.name}\n` : describeFailure(file, result),
  )
  return `${lines.join('')}${results.length - failed.length} passed, ${failed.length} failed\n`
}

/** What became of the cases, for programs. */
export function printResults(file: string, results: readonly TestResult[]): string {
  const cases = results.map(({ name, line, differences, explanation }) => {
    return { name, line, passed: differences.length === 0, differences, found: explanationData(explanation) }
  })
  const passed = cases.filter((each) => each.passed).length
  return `${JSON.stringify({ file, passed, failed: cases.length - passed, cases }, null, 2)}\n`
}
