/** The most that browsers keep of a cookie, with its attributes, in bytes. */
export const largestCookie = 4096

/** `__Host-`: browsers take it from this host alone, over https (or loopback), and for all of its paths. */
export const cookieNames = { session: '__Host-mlflow-session', attempt: '__Host-mlflow-login' } as const

export type CookieName = (typeof cookieNames)[keyof typeof cookieNames]

const attributes = 'Path=/; Secure; HttpOnly; SameSite=Lax'

/** Every value of a cookie in a `Cookie` header. More than one was set by somebody else. */
export function cookieValues(header: string | undefined, name: CookieName): string[] {
  const start = `${name}=`
  const pairs = (header ?? '').split(';').map((pair) => pair.trim())
  return pairs.filter((pair) => pair.startsWith(start)).map((pair) => pair.slice(start.length))
}

/** The `Set-Cookie` header for a value; null if browsers would not keep it. `seconds` is how long they keep it. */
export function setCookie(name: CookieName, value: string, seconds: number): string | null {
  const header = `${name}=${value}; Max-Age=${Math.max(0, Math.floor(seconds))}; ${attributes}`
  return header.length <= largestCookie ? header : null
}

/** The `Set-Cookie` header that removes a cookie. */
export function dropCookie(name: CookieName): string {
  return `${name}=; Max-Age=0; ${attributes}`
}
