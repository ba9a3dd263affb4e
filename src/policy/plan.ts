import { askingChecks } from './checks/asking-checks.ts'
import type { AskingCheck, StaticCheck } from './checks/check.ts'
import { staticChecks } from './checks/static-checks.ts'
import type { OpenEndpoint } from './endpoints/endpoint.ts'
import type { AuditDetail } from './meanings/audit-detail.ts'
import type { Limit } from './meanings/limits.ts'
import { limitOf, type Meaning, meaningTable } from './meanings/meaning-table.ts'
import { oncePer } from './once-per.ts'

/** What is done with every request to an endpoint: its row and the meanings of its fields, looked up once. */
export interface Plan {
  readonly sizes: readonly (readonly [selector: string, limit: Limit])[]
  readonly staticChecks: ReadonlyMap<string, StaticCheck>
  readonly askingChecks: ReadonlyMap<string, AskingCheck>
  /** Where references for the audit line stand, what they are called there, and the field beside them with the version that is meant. */
  readonly audited: readonly (readonly [kind: string, selector: string, version?: string])[]
  /** Where its details are. */
  readonly details: readonly (readonly [detail: AuditDetail, selector: string])[]
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

type Fields = readonly (readonly [selector: string, meaning: Meaning])[]

/** The version of a model stands in the same object as its name. */
function auditedIn(fields: Fields): Plan['audited'] {
  const folderOf = (selector: string) => selector.slice(0, selector.lastIndexOf('.') + 1)
  const versions = new Map(
    fields.flatMap(([selector, meaning]) =>
      meaning === 'version' ? [[folderOf(selector), selector.slice(folderOf(selector).length)]] : [],
    ),
  )
  return Object.entries(meaningTable).flatMap(([name, { audit }]) =>
    fields.flatMap(([selector, meaning]): Plan['audited'] => {
      if (audit === undefined || meaning !== name) return []
      const version = audit === 'model' ? versions.get(folderOf(selector)) : undefined
      return [version === undefined ? [audit, selector] : [audit, selector, version]]
    }),
  )
}

/** What something new is called is no new name of anything. */
function detailsIn({ action, tagKey }: OpenEndpoint, fields: Fields): Plan['details'] {
  const own: Plan['details'] = fields.flatMap(([selector, meaning]) => {
    const { detail } = meaningTable[meaning]
    return detail === undefined || (detail === 'newName' && action === 'create') ? [] : [[detail, selector]]
  })
  return tagKey === undefined ? own : [...own, ['tagKey', tagKey]]
}

function compile(endpoint: OpenEndpoint): Plan {
  const fields: [selector: string, meaning: Meaning][] = Object.entries(endpoint.fields)
  return {
    sizes: fields.map(([selector, meaning]) => [selector, limitOf(meaning)]),
    staticChecks: checksFor(endpoint, staticChecks),
    askingChecks: checksFor(endpoint, askingChecks),
    audited: auditedIn(fields),
    details: detailsIn(endpoint, fields),
  }
}

/** The plan of an endpoint. */
export const planOf = oncePer(compile)
