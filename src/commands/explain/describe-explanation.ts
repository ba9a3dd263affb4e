import { reasons } from '../../policy/reasons.ts'
import type { Explanation, Way } from './explanation.ts'

/** Where a request leads, in lines for a person. */
export function describeWay({ environment, role, endpoint }: Way): string {
  const as = { administrator: ' (as an administrator)', reader: ' (as a reader)', caller: '' }[role]
  return `environment  ${environment.name}${as}\nendpoint     ${endpoint.name} (${endpoint.action} of ${endpoint.resource})\n`
}

function describeOutcome({ decision, reason, message, references, makes, upstream }: Explanation): string {
  if (decision === 'answered') return `by itself    ${message}\n`
  if (decision === 'undecided') return `undecided    ${message}\n`
  if (reason !== null) {
    const { status, errorCode } = reasons[reason]
    return `denied       ${reason} (${status} ${errorCode})\nmessage      ${message}\n`
  }
  const shadow = message === null ? '' : `shadow       ${message}\n`
  if (upstream === null) return `allowed\n${shadow}${makes.map((name) => `makes first  ${name}\n`).join('')}`
  const pairs = references.map(({ kind, logical, upstream: stored }) => `${kind.padEnd(12)} ${logical} is ${stored}\n`).join('')
  const body = upstream.body === null ? '' : `body         ${upstream.body}\n`
  return `allowed\n${shadow}${pairs}upstream     ${upstream.method} ${upstream.target}\n${body}`
}

/** An explanation for a person. */
export function describeExplanation(explanation: Explanation): string {
  return `${explanation.way === null ? '' : describeWay(explanation.way)}${describeOutcome(explanation)}`
}

/** An explanation for programs. */
export function explanationData({ way, reason, ...rest }: Explanation) {
  return {
    decision: rest.decision,
    environment: way?.environment.name ?? null,
    role: way?.role ?? null,
    endpoint: way?.endpoint.name ?? null,
    reason,
    status: reason === null ? null : reasons[reason].status,
    errorCode: reason === null ? null : reasons[reason].errorCode,
    message: rest.message,
    references: rest.references,
    makes: rest.makes,
    upstream: rest.upstream,
  }
}
