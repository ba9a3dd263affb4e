import type { Registry } from '@prometheus-io/client'
import { escapeHtml, pagePolicy, wholePage } from '../http/plain-page.ts'
import { environmentsPicture } from './environments-picture.ts'
import { readMetric } from './metric-values.ts'
import type { Status } from './status.ts'
import { healthSection, refusalsSection, trafficSection, versionsSection } from './status-sections.ts'
import { statusStyle } from './status-style.ts'
import { trafficOf } from './traffic.ts'

/** The headers of the status page: it runs nothing, leads nowhere, and is not kept. */
export const statusHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `${pagePolicy(statusStyle, null)}; form-action 'none'`,
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** The status page. Its numbers are those of `/metrics`. */
export async function renderStatus({ config, waitsFor, health, refusals }: Status, registry: Registry): Promise<string> {
  const read = (name: string) => readMetric(registry, name)
  const [requests, audit, build, upstream, configInfo, reloaded] = await Promise.all([
    read('requests_total'),
    read('audit_failing'),
    read('build_info'),
    read('upstream_info'),
    read('config_info'),
    read('config_last_reload_success_timestamp_seconds'),
  ])
  const isLost = audit.some(({ value }) => value === 1)
  const parts = [...health, { part: 'Audit', concern: isLost ? 'lines cannot be written' : null }]
  const names = config.environments.map(({ name }) => name)
  const { requiredGroups = [] } = config
  const required =
    requiredGroups.length === 0
      ? ''
      : `<p class="soft">Every caller also has to be in ${escapeHtml(requiredGroups.join(' and '))}.</p>`
  const body = [
    '<main><h1>Status</h1>',
    `<section><h2>Who may do what</h2>${required}${environmentsPicture(config)}</section>`,
    healthSection(waitsFor, parts),
    trafficSection(trafficOf(requests, names)),
    refusalsSection(refusals),
    versionsSection({ build, upstream, config: configInfo, reloaded }),
    '</main>',
  ]
  return wholePage('Status', statusStyle, body.join(''))
}
