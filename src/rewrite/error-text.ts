import type { Findings } from '../policy/grant.ts'
import { ownerOf, showName } from '../policy/names.ts'

/** Everything after MLflow's own sentence: SQL and its parameters hold upstream names. */
const machinery = /\s*(?:Error:\s*)?\((?:raised as a result of|sqlite3\.|psycopg|pymysql|MySQLdb|pyodbc)[\s\S]*$|\s*\[SQL:[\s\S]*$|\s*Traceback \(most recent[\s\S]*$/

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Whether a text still shows a name of any environment as MLflow stores it, other than as the caller wrote it. */
function showsUpstreamName(text: string, findings: Findings, said: readonly string[]): boolean {
  const { landscape } = findings
  const rest = said.reduce((remaining, word) => (word === '' ? remaining : remaining.split(word).join(' ')), text)
  const words = rest.split(/[\s'"`=,;()[\]{}]+/).map((word) => word.replace(/[.:]+$/, ''))
  return words.some((word) => ownerOf(landscape, 'model', word) !== null || landscape.environments.some((e) => word.includes(`${e.experimentRoot}/`)))
}

/**
 * An error message of MLflow's in the caller's names. When something of another environment might remain in it, a sentence that
 * says only what kind of error it was takes its place.
 */
export function clientErrorText(text: string, errorCode: string, findings: Findings): string {
  const { landscape, environment, references } = findings
  const pairs = references
    .filter(({ logical, upstream }) => logical !== upstream)
    .sort((a, b) => b.upstream.length - a.upstream.length)
  let result = text.replace(machinery, '')
  for (const { logical, upstream } of pairs) result = result.replace(new RegExp(escapeForRegExp(upstream), 'g'), () => logical)
  result = result.replace(new RegExp(`${escapeForRegExp(environment.experimentRoot)}/([^\\s'",)]+)`, 'g'), (whole) => showName(landscape, environment, 'experiment', whole) ?? whole)
  const said = references.map(({ logical }) => logical)
  return showsUpstreamName(result, findings, said) ? `MLflow refused the request (${errorCode}).` : result
}
