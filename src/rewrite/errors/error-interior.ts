import type { GrantContext } from '../../policy/grant.ts'
import { saidAmong } from './error-words.ts'

/** Where MLflow's own sentence ends: SQL and its parameters hold upstream names, and stack traces the server's files. */
const machinery =
  /\((?:raised as a result of|sqlite3\.|psycopg|pymysql|mysql\.|MySQLdb|pymssql|pyodbc|oracledb|cx_Oracle)|\[SQL:|Traceback \(most recent|\n(?:\t| {2,4})(?:at |File ")/

/** Characters. What is longer is the caller's own text come back, and would keep the searches below busy. */
const longest = 4_000

/** For an error of the database that MLflow says nothing about. */
function databaseSentence(text: string): string {
  if (/unique|duplicate/i.test(text)) return "MLflow's database refused the change: the entry already exists."
  if (/foreign key/i.test(text)) return "MLflow's database refused the change: it refers to something that does not exist."
  return "MLflow's database refused the request."
}

/** What MLflow says itself of an error, without the machinery that follows it. */
export function ownSentence(text: string): string {
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

/** Pages that MLflow and Databricks send their readers to. */
const manuals =
  /^https?:\/\/(?:(?:www\.)?mlflow\.org|github\.com|docs\.databricks\.com|learn\.microsoft\.com|docs\.python\.org)(?:[/?#]|$)/i
const address = /^(?:https?|postgres|postgresql|mysql|mssql|oracle|redis|mongodb)(?:\+[a-z0-9]+)?:\/\//i
const numericAddress = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{1,5})?$/
const words = /[^\s'"<>()[\]{},;=]+/g
/** A file of the server's. */
const file = /^(?:file:\/\/|file:)?\/[^/:]+\/./
/** The addresses of MLflow's own API. */
const api = /^\/(?:api|ajax-api|v1)\//

function isFile(word: string): boolean {
  return file.test(word) && !api.test(word)
}

function isHost(word: string): boolean {
  return (address.test(word) && !manuals.test(word)) || numericAddress.test(word)
}

/** A sentence without the server's files and without addresses, but for those that the caller named, and for manuals. */
export function hideInterior(sentence: string, { config, said: message }: GrantContext): string {
  const spoken = (sentence.match(words) ?? []).map((word) => word.replace(/[.:]$/, ''))
  const hosts = spoken.filter(isHost)
  // Paths of a workspace are its folders.
  const files = config.kind === 'databricks' ? [] : spoken.filter(isFile)
  const said = saidAmong(message, [...hosts, ...files])
  const hide = (text: string, found: readonly string[], words: string) =>
    found.filter((part) => !said.has(part)).reduce((rest, part) => rest.replaceAll(part, words), text)
  return hide(hide(sentence, hosts, '(an address)'), files, '(a file of the server)')
}
