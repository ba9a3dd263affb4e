/** Where a command writes: results to `out`, errors to `err`. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** What a command needs of its process. */
export interface Shell {
  readonly env: NodeJS.ProcessEnv
  readonly terminal: Terminal
  /** Wraps a function that returns an exit code as an action: 0 success, 1 failure or problems found. A wrong command line ends with 2. */
  readonly action: <A extends unknown[]>(work: (...args: A) => number | Promise<number>) => (...args: A) => Promise<void>
}
