/** Passed, failed and skipped (or to do) assertions; a subtest that failed without a failed assertion counts as one. */
export declare function countTap(text: string): { passed: number; failed: number; skipped: number }
