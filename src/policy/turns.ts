/**
 * Work that may rest wherever it yields, so that others get their turn: it does so after a small part of it. It yields the bytes of memory
 * that what it has made so far takes, where it knows them.
 */
export type Turns<T> = Generator<number | undefined, T, undefined>

/** Does all of it without a rest. */
export function atOnce<T>(work: Turns<T>): T {
  let step = work.next()
  while (!step.done) step = work.next()
  return step.value
}
