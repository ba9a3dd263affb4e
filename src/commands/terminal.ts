/** Where a command writes: its answer to `out`, what went wrong to `err`. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}
