import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'

/**
 * What the UI's page may do: run MLflow's own scripts, and show what the proxy serves. Its styles are written by its scripts, some of them
 * compile code (charts), and previews of HTML artifacts, which it shows in frames of no origin, inherit this policy and bring scripts of their own.
 */
const uiPolicy = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self' blob:",
  "img-src 'self' data: blob: https:",
  "media-src 'self' blob:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "frame-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Seconds that a browser may keep the UI's own files: their names change with their content. */
const uiFileAge = 28 * 24 * 3600

/** An artifact that is opened as a page has no origin, runs nothing and asks for nothing. */
const artifactPolicy = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"

/** The headers under which a browser may take bytes: an artifact, whatever it holds, cannot act as the person who looks at it. */
export function pageHeaders({ resource, pathParams }: Pick<OpenEndpoint, 'resource' | 'pathParams'>): Record<string, string> {
  if (resource !== 'ui') return { 'content-security-policy': artifactPolicy, 'cross-origin-resource-policy': 'same-origin' }
  const isPage = pathParams.length === 0
  return {
    'content-security-policy': uiPolicy,
    'referrer-policy': 'same-origin',
    ...(isPage ? {} : { 'cache-control': `private, max-age=${uiFileAge}` }),
  }
}
