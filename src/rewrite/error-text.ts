import type { AuditedReference, Findings } from '../policy/grant.ts'
import { showName, storedPattern } from '../policy/names.ts'

/** Where MLflow's own sentence ends: SQL and its parameters hold upstream names. */
const machinery = /\((?:raised as a result of|sqlite3\.|psycopg|pymysql|MySQLdb|pyodbc)|\[SQL:|Traceback \(most recent/

/** Characters. What is longer is the caller's own text come back, and would keep the searches below busy. */
const longest = 4_000

/** For an error of the database that MLflow says nothing about. */
function databaseSentence(text: string): string {
  if (/unique|duplicate/i.test(text)) return "MLflow's database refused the change: there is such an entry already."
  if (/foreign key/i.test(text)) return "MLflow's database refused the change: something that it names does not exist."
  return "MLflow's database refused the request."
}

function ownSentence(text: string): string {
  const shown = text.length > longest ? `${text.slice(0, longest)}...` : text
  const end = shown.search(machinery)
  if (end < 0) return shown
  const said = shown
    .slice(0, end)
    .trimEnd()
    .replace(/Error:$/, '')
    .trimEnd()
  return said === '' ? databaseSentence(shown.split('[SQL:')[0] ?? '') : said
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** A text that stands by itself: not a part of a longer word. */
function word(text: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_])${escapeForRegExp(text)}(?![\\p{L}\\p{N}_])`, 'gu')
}

/** Whether a text still shows a name of any environment as MLflow stores it, other than as the caller wrote it. */
function showsUpstreamName(text: string, { landscape, references }: Findings): boolean {
  const said = references.map(({ logical }) => logical).filter((logical) => logical !== '' && text.includes(logical))
  const longestFirst = said.sort((a, b) => b.length - a.length)
  const rest = longestFirst.reduce((remaining, name) => remaining.replace(word(name), ' '), text).toLowerCase()
  return landscape.environments.some((environment) => {
    const suffix = new RegExp(`[^\\s'"]${escapeForRegExp(environment.modelSuffix.toLowerCase())}(?![\\p{L}\\p{N}_])`, 'u')
    const [schema = ''] = storedPattern(landscape, 'model', environment, '%').toLowerCase().split('%')
    if (suffix.test(rest) || (schema !== '' && rest.includes(schema))) return true
    return rest.includes(`${environment.experimentRoot.toLowerCase()}/`)
  })
}

function replaceReference(text: string, { kind, logical, upstream }: AuditedReference): string {
  // The id of a default experiment is a short number: only where the sentence speaks of an experiment is it one.
  if (kind === 'experiment' && /^[0-9]+$/.test(upstream)) {
    return text.replace(
      new RegExp(`(experiment[^0-9.]{0,40})${upstream}(?![0-9a-z])`, 'gi'),
      (_, before: string) => `${before}${logical}`,
    )
  }
  return text.replace(word(upstream), () => logical)
}

/** A sentence of MLflow's in the caller's names; null when something of another environment might remain in it. */
export function clientSentence(text: string, findings: Findings): string | null {
  const { landscape, environment, references } = findings
  const own = ownSentence(text)
  // Of many references few are spoken of, and each one takes a pattern of its own.
  const pairs = references
    .filter(({ logical, upstream }) => logical !== upstream && own.includes(upstream))
    .sort((a, b) => b.upstream.length - a.upstream.length)
  const renamed = pairs.reduce(replaceReference, own)
  const inWorkspace = landscape.kind === 'databricks' ? '(?:/Workspace)?' : ''
  const inRoot = new RegExp(`${inWorkspace}${escapeForRegExp(environment.experimentRoot)}/([^\\s'",)]+)`, 'g')
  const result = renamed.replace(inRoot, (whole) => showName(landscape, environment, 'experiment', whole) ?? whole)
  return showsUpstreamName(result, findings) ? null : result
}

/**
 * An error message of MLflow's in the caller's names. When something of another environment might remain in it, or nothing but SQL was
 * said, a sentence that says only what kind of error it was takes its place.
 */
export function clientErrorText(text: string, errorCode: string, findings: Findings): string {
  return clientSentence(text, findings) || `MLflow refused the request (${errorCode}).`
}
