import type { End } from '../network/request-end.ts'

/** The promise's result, or the signal's reason as soon as it ends, even if the promise is still pending. */
export function whileThere<T>(end: End | undefined, promise: Promise<T>): Promise<T> {
  if (end === undefined) return promise
  return new Promise((resolve, reject) => {
    const leave = () => reject(end.reason)
    if (end.aborted) leave()
    else end.addEventListener('abort', leave, { once: true })
    promise.then(
      (value) => {
        end.removeEventListener('abort', leave)
        resolve(value)
      },
      (error) => {
        end.removeEventListener('abort', leave)
        reject(error)
      },
    )
  })
}
