/** The most that browsers keep of a cookie, with its attributes, in bytes. */
export const largestCookie = 4096

/** A cookie of the login. */
export interface Cookie {
  readonly name: string
  readonly path: string
}

/**
 * The cookies of a proxy below a base path. At the root of its host they are `__Host-`: browsers take them from this host alone, over https (or
 * loopback), and for all of its paths. Below a base path the host is shared: the path keeps them from the programs beside this one, and browsers
 * keep `__Secure-` cookies with a path. Other hosts of the same domain could set one, as they could not with `__Host-`, but make none that is valid:
 * at most they bring a login of their own here.
 */
export function cookiesBelow(basePath: string): { readonly session: Cookie; readonly attempt: Cookie } {
  const cookie = (name: string): Cookie =>
    basePath === '' ? { name: `__Host-${name}`, path: '/' } : { name: `__Secure-${name}`, path: basePath }
  return { session: cookie('mlflow-session'), attempt: cookie('mlflow-login') }
}

/** Every value of a cookie in a `Cookie` header. More than one was set by somebody else. */
export function cookieValues(header: string | undefined, { name }: Cookie): string[] {
  const start = `${name}=`
  const pairs = (header ?? '').split(';').map((pair) => pair.trim())
  return pairs.filter((pair) => pair.startsWith(start)).map((pair) => pair.slice(start.length))
}

function write({ name, path }: Cookie, value: string, seconds: number): string {
  return `${name}=${value}; Max-Age=${seconds}; Path=${path}; Secure; HttpOnly; SameSite=Lax`
}

/** The `Set-Cookie` header for a value; null if browsers would not keep it. `seconds` is how long they keep it. */
export function setCookie(cookie: Cookie, value: string, seconds: number): string | null {
  const header = write(cookie, value, Math.max(0, Math.floor(seconds)))
  return header.length <= largestCookie ? header : null
}

/** The `Set-Cookie` header that removes a cookie. */
export function dropCookie(cookie: Cookie): string {
  return write(cookie, '', 0)
}
