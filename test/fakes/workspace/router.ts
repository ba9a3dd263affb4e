import type { Handler, Routes } from './call.ts'

interface Row {
  readonly method: string
  readonly pattern: RegExp
  readonly handle: Handler
}

/** What a path led to. */
export interface Match {
  readonly handle: Handler
  readonly params: Readonly<Record<string, string>>
}

function patternOf(path: string): RegExp {
  const source = path.replaceAll(/[.*()?$^|\\]/g, '\\$&').replaceAll(/\{(\w+)(\+?)\}/g, (_all, name: string, rest: string) => {
    return rest === '+' ? `(?<${name}>.*)` : `(?<${name}>[^/]+)`
  })
  return new RegExp(`^${source}$`)
}

function makeRow([route, handle]: [string, Handler]): Row {
  const [method = '', path = ''] = route.split(' ')
  return { method, pattern: patternOf(path), handle }
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** Finds the handler of a method and path among routes; null where there is none. Paths without braces come first. */
export function makeRouter(groups: readonly Routes[]): (method: string, path: string) => Match | null {
  const exact = new Map<string, Handler>()
  const rows: Row[] = []
  for (const [route, handle] of groups.flatMap((group) => Object.entries(group))) {
    if (exact.has(route)) throw new Error(`two handlers for ${route}`)
    if (route.includes('{')) rows.push(makeRow([route, handle]))
    else exact.set(route, handle)
  }
  return (method, path) => {
    const handle = exact.get(`${method} ${path}`)
    if (handle) return { handle, params: {} }
    for (const row of rows) {
      const groups = row.method === method ? row.pattern.exec(path)?.groups : undefined
      if (!groups) continue
      return { handle: row.handle, params: Object.fromEntries(Object.entries(groups).map(([k, v]) => [k, decode(v ?? '')])) }
    }
    return null
  }
}
