const waiting: (() => void)[] = []

function next(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(next)
}

/**
 * Ends when others had their turn. All work of the process that rests goes on one after the other, each in a turn of the event loop of its own:
 * were all of it to go on in the same one, everything else would wait for the sum.
 */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(next)
  })
}
