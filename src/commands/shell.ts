/** Where a command writes: its answer to `out`, what went wrong to `err`. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** What a command has of the process that runs it. */
export interface Shell {
  readonly env: NodeJS.ProcessEnv
  readonly terminal: Terminal
  /** Makes an action of what returns an exit code: 0 done, 1 it failed or found problems. A wrong command line ends with 2. */
  readonly action: <A extends unknown[]>(work: (...args: A) => number | Promise<number>) => (...args: A) => Promise<void>
}
