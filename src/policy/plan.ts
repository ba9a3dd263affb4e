import { askingChecks } from './checks/asking-checks.ts'
import type { AskingCheck, StaticCheck } from './checks/check.ts'
import { staticChecks } from './checks/static-checks.ts'
import type { OpenEndpoint } from './endpoints/endpoint.ts'
import type { Limit } from './meanings/limits.ts'
import { limitOf, type Meaning, meaningTable } from './meanings/meaning-table.ts'
import { oncePer } from './once-per.ts'

/** What is done with every request to an endpoint: its row and the meanings of its fields, looked up once. */
export interface Plan {
  readonly sizes: readonly (readonly [selector: string, limit: Limit])[]
  readonly staticChecks: ReadonlyMap<string, StaticCheck>
  readonly askingChecks: ReadonlyMap<string, AskingCheck>
  /** Where references for the audit line stand, and what they are called there. */
  readonly audited: readonly (readonly [kind: string, selector: string])[]
}

/** Those of the checks that can find something in a request to an endpoint, in their order. */
function checksFor<C extends StaticCheck | AskingCheck>(
  endpoint: OpenEndpoint,
  checks: Readonly<Record<string, C>>,
): ReadonlyMap<string, C> {
  const rows = Object.values(endpoint.fields).map((meaning) => meaningTable[meaning])
  const named = new Set<string>(rows.flatMap((row) => ('checks' in row ? row.checks : [])))
  return new Map(
    Object.entries(checks).filter(
      ([name, { when, unless }]) => (named.has(name) || when?.(endpoint) === true) && unless?.(endpoint) !== true,
    ),
  )
}

function compile(endpoint: OpenEndpoint): Plan {
  const fields: [selector: string, meaning: Meaning][] = Object.entries(endpoint.fields)
  return {
    sizes: fields.map(([selector, meaning]) => [selector, limitOf(meaning)]),
    staticChecks: checksFor(endpoint, staticChecks),
    askingChecks: checksFor(endpoint, askingChecks),
    audited: Object.entries(meaningTable).flatMap(([name, { audit }]) =>
      fields.flatMap(([selector, meaning]) =>
        audit === undefined || meaning !== name ? [] : [[audit, selector] satisfies [string, string]],
      ),
    ),
  }
}

/** The plan of an endpoint. */
export const planOf = oncePer(compile)
