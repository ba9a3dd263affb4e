import type { OpenEndpoint } from '../policy/endpoints/endpoint.ts'
import { limitOf, type Meaning, meaningTable } from '../policy/meanings/meaning-table.ts'
import { planOf } from '../policy/plan.ts'
import { mappers } from '../rewrite/request/mappers.ts'

function fieldText(selector: string, meaning: Meaning): string {
  const row = meaningTable[meaning]
  const { characters, items } = limitOf(meaning)
  return [
    `${selector} (${meaning})`,
    `  checks       ${'checks' in row ? row.checks.join(', ') : `none: ${row.unchecked}`}`,
    `  at most      ${characters} characters in ${items} items`,
    `  sent         ${mappers[meaning] === 'as decoded' ? 'as decoded' : 'written anew'}`,
    ...(row.audit === undefined ? [] : [`  audited      as ${row.audit}`]),
  ].join('\n')
}

function namesOf(checks: ReadonlyMap<string, unknown>): string {
  return [...checks.keys()].join(', ') || 'nothing'
}

/** What happens to every request to an endpoint, in readable form. */
export function explainPlan(endpoint: OpenEndpoint): string {
  const { method, upstreamPrefix, path } = endpoint
  const { staticChecks, askingChecks } = planOf(endpoint)
  const fields: [selector: string, meaning: Meaning][] = Object.entries(endpoint.fields)
  return `upstream     ${method} ${upstreamPrefix}${path}
checks       ${namesOf(staticChecks)}
asks for     ${namesOf(askingChecks)}

${fields.map(([selector, meaning]) => fieldText(selector, meaning)).join('\n')}
`
}
