/**
 * Passed, failed and skipped (or to do) assertions; a subtest that failed without a failed assertion counts as one.
 * `failures` names the failed ones, with the subtests around them.
 */
export declare function countTap(text: string): { passed: number; failed: number; skipped: number; failures: string[] }
