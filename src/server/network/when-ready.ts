/** Goes on with a value at once if it is there, otherwise when it is: most requests have all that they need, and each promise costs them a turn. */
export function whenReady<A, B>(value: A | Promise<A>, next: (value: A) => B | Promise<B>): B | Promise<B> {
  return value instanceof Promise ? value.then(next) : next(value)
}
