const style = 'body{font:16px/1.6 system-ui,sans-serif;margin:4rem auto;max-width:32rem;padding:0 1rem}'
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** A text escaped for HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => entities[mark] ?? '')
}

/** The headers of the proxy's own pages: no scripts, no resources, no frames. */
export const plainPageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
} as const

/** Wraps HTML in one of the proxy's own pages. */
export function plainPage(content: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>MLflow</title><style>${style}</style><h1>MLflow</h1>${content}</html>`
}
