import type { Registry } from '@prometheus-io/client'
import type { Status } from './status.ts'

/** The status page, which is loaded when somebody first looks at it. */
export async function showStatus(status: Status, registry: Registry) {
  const { renderStatus, statusHeaders } = await import('./status-page.ts')
  return { headers: statusHeaders, html: await renderStatus(status, registry) }
}
