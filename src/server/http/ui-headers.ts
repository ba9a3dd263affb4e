import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'

/**
 * The UI's policy: run MLflow's own scripts, and show what the proxy serves. Its scripts write styles, some of them
 * compile code (charts), and previews of HTML artifacts, shown in frames without an origin, inherit this policy and contain their own scripts.
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

/** Seconds that a browser may cache the UI's own files: their names change with their content. */
const uiFileAge = 28 * 24 * 3600

/** An artifact that is opened as a page has no origin, runs no scripts and sends no requests. */
const artifactPolicy = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"

/** The headers for downloads: whatever an artifact contains, it cannot act as the person who views it. */
export function pageHeaders({ resource, pathParams }: Pick<OpenEndpoint, 'resource' | 'pathParams'>): Record<string, string> {
  if (resource !== 'ui') return { 'content-security-policy': artifactPolicy, 'cross-origin-resource-policy': 'same-origin' }
  const isPage = pathParams.length === 0
  return {
    'content-security-policy': uiPolicy,
    'referrer-policy': 'same-origin',
    ...(isPage ? {} : { 'cache-control': `private, max-age=${uiFileAge}` }),
  }
}
