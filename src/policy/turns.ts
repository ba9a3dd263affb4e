/** Work that may rest wherever it yields, so that others get their turn: it does so after a small part of it. */
export type Turns<T> = Generator<undefined, T, undefined>

/** Does all of it without a rest. */
export function atOnce<T>(work: Turns<T>): T {
  let step = work.next()
  while (!step.done) step = work.next()
  return step.value
}
