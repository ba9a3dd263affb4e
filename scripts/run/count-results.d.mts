/**
 * Passed, failed and skipped (or to do) assertions; a subtest that failed without a failed assertion counts as one.
 * `failures` names the failed ones, with the subtests around them; `planned` is how many test files the stream announced (null
 * when it stops before it does), `finished` how many of them have a result.
 */
export declare function countTap(text: string): {
  passed: number
  failed: number
  skipped: number
  failures: string[]
  planned: number | null
  finished: number
}

/** How to end a run with this stream and exit status: the lines to print, with the count last, and the exit code. A file without a result has failed. */
export declare function closeRun(
  text: string,
  ending: { code: number | null; signal: string | null },
): { lines: string[]; exitCode: number }
