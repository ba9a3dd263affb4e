import { escapeHtml } from '../http/plain-page.ts'
import type { RecentRefusal } from '../observability/recent-refusals.ts'
import type { MetricValue } from './metric-values.ts'
import type { Health } from './status.ts'
import { element } from './svg.ts'
import type { Traffic } from './traffic.ts'

type Cell = readonly [html: string, look?: 'number' | 'bad' | 'plain' | undefined]

const text = (value: string, look?: Cell[1]): Cell => [escapeHtml(value), look]
const number = (value: number): Cell => [value.toLocaleString('en'), 'number']

function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const numbers = rows[0]?.map(([, look]) => look === 'number') ?? []
  const head = heads.map((each, index) => `<th${numbers[index] === true ? ' class="number"' : ''}>${escapeHtml(each)}</th>`)
  const lines = rows.map((cells) => {
    const written = cells.map(([html, look]) => `<td${look === undefined ? '' : ` class="${look}"`}>${html}</td>`)
    return `<tr>${written.join('')}</tr>`
  })
  return `<div class="table"><table><thead><tr>${head.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table></div>`
}

/** Milliseconds since 1970 for people: `2026-11-30 18:05:11`, in UTC. */
function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')
}

/** What requests depend on, and whether it is well. */
export function healthSection(waitsFor: string | null, health: readonly Health[]): string {
  const line = (part: string, said: string, isWell: boolean): Cell[] => [
    [`<span class="${isWell ? 'well' : 'ill'}">${escapeHtml(part)}</span>`, 'plain'],
    text(said, isWell ? undefined : 'bad'),
  ]
  const ready = line('This proxy', waitsFor === null ? 'ready' : `not ready: waits for ${waitsFor}`, waitsFor === null)
  const parts = health.map(({ part, concern }) => line(part, concern ?? 'well', concern === null))
  return `<section><h2>Health</h2>${table(['Part', 'State'], [ready, ...parts])}</section>`
}

function bar({ allowed, refused, undecided }: Traffic, most: number): string {
  let x = 0
  const parts = Object.entries({ allowed, refused, undecided }).map(([kind, count]) => {
    const width = most === 0 ? 0 : (160 * count) / most
    x += width
    return element('rect', { class: kind, x: x - width, y: 0, width, height: 10 })
  })
  return element('svg', { viewBox: '0 0 160 10', 'aria-hidden': 'true' }, parts.join(''))
}

/** Requests since the process started, by environment and reason. */
export function trafficSection(traffic: readonly Traffic[]): string {
  const most = Math.max(0, ...traffic.map(({ allowed, refused, undecided }) => allowed + refused + undecided))
  const rows = traffic.map((each): Cell[] => {
    const reasons = each.reasons.map(({ reason, count, refused }) => {
      const said = `<code>${escapeHtml(reason)}</code> ${count.toLocaleString('en')}`
      return refused ? said : `${said} (not refused)`
    })
    return [
      each.environment === '' ? ['<span class="soft">none, or unknown</span>'] : text(each.environment),
      number(each.allowed),
      number(each.refused),
      number(each.undecided),
      [bar(each, most)],
      [reasons.join(', ')],
    ]
  })
  const heads = ['Environment', 'Allowed', 'Refused', 'Undecided', '', 'Reasons']
  return `<section><h2>Traffic since the start</h2>${table(heads, rows)}</section>`
}

function namesOf({ names }: RecentRefusal): Cell[] {
  if (names === null) return []
  const { caller, references } = names
  const who = caller === null ? '' : (caller.name ?? caller.applicationId ?? caller.objectId)
  return [text(who), text(references.map(({ kind, logical }) => `${kind} ${logical}`).join(', '))]
}

/** The latest refusals, as far as the audit has them. */
export function refusalsSection(refusals: readonly RecentRefusal[]): string {
  const rows = refusals.map((each): Cell[] => [
    [`<time>${timeOf(each.time)}</time>`],
    text(each.environment ?? ''),
    text(each.endpoint, 'plain'),
    [`<code>${escapeHtml(each.reason ?? '')}</code>`, 'plain'],
    number(each.status),
    ...namesOf(each),
    [`<code>${escapeHtml(each.requestId)}</code>`],
  ])
  const named = refusals[0]?.names == null ? [] : ['Caller', 'Names']
  const heads = ['Time (UTC)', 'Environment', 'Endpoint', 'Reason', 'Status', ...named, 'Request id']
  const content = rows.length === 0 ? '<p class="soft">None since the start.</p>' : table(heads, rows)
  return `<section><h2>Recent refusals</h2>${content}</section>`
}

/** What runs here, and since when. */
export interface Versions {
  readonly build: readonly MetricValue[]
  readonly upstream: readonly MetricValue[]
  readonly config: readonly MetricValue[]
  readonly reloaded: readonly MetricValue[]
}

/** The versions of what runs here. */
export function versionsSection({ build, upstream, config, reloaded }: Versions): string {
  const { version = '', node = '' } = build[0]?.labels ?? {}
  const seconds = reloaded[0]?.value ?? 0
  const rows: Cell[][] = [
    [text('mlflow-env-proxy', 'plain'), text(version)],
    [text('Node', 'plain'), text(node)],
    [text('MLflow', 'plain'), text(upstream[0]?.labels.version ?? 'has not said')],
    [text('Configuration', 'plain'), [`<code>${escapeHtml(config[0]?.labels.hash ?? '')}</code>`]],
    [text('In force since', 'plain'), text(seconds === 0 ? '' : `${timeOf(seconds * 1_000)} UTC`)],
  ]
  return `<section><h2>Versions</h2>${table(['What', 'Version'], rows)}</section>`
}
