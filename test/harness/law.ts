import fc from 'fast-check'

/** Runs a law on random inputs: `holds`, or the smallest input on which it does not, to be compared by the test. */
export function tryLaw(property: fc.IRawProperty<unknown, false>, numRuns = 3000): string {
  const result = fc.check(property, { numRuns })
  return result.failed ? `${fc.defaultReportMessage(result)}\n${result.errorInstance}` : 'holds'
}

/** A text in the name of an assertion, with everything that is not plain ASCII as an escape. */
export function showText(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
