/** How much a finding matters: `problem`, something keeps the proxy from working or from keeping environments apart; `note`, something to know. */
type Weight = 'problem' | 'note' | 'fine'

/** What may be found. The names are stable: docs/doctor.md says what they mean. */
export const findingCodes = [
  'issuer',
  'issuer-unreachable',
  'upstream-unreachable',
  'upstream-refuses',
  'upstream-intermediary',
  'workspace',
  'version',
  'version-unknown',
  'version-untried',
  'closed',
  'open',
  'storage',
  'storage-direct',
  'credentials',
  'credentials-missing',
  'credentials-audience',
  'credentials-refused',
  'credentials-untried',
  'callers-audience',
  'group',
  'group-missing',
  'group-ambiguous',
  'group-local',
  'group-unchecked',
  'folder',
  'folder-missing',
  'folder-too-wide',
  'folder-read',
  'folder-too-narrow',
  'folder-unchecked',
  'registry-absent',
  'upstream-network',
  'models',
  'model-too-wide',
  'model-read',
  'models-unchecked',
  'schema-missing',
  'schema-owner',
  'caller',
  'caller-refused',
  'caller-nowhere',
  'caller-around',
  'caller-admin',
  'caller-inside',
  'caller-shut',
  'check-failed',
] as const
type FindingCode = (typeof findingCodes)[number]

/** One thing that was looked at. `code` is stable; `remedy` says what to do, '' where there is nothing to do. */
export interface Finding {
  readonly weight: Weight
  readonly code: FindingCode
  /** The environment that it is about; null: all of them. */
  readonly environment: string | null
  readonly message: string
  readonly remedy: string
}

/** Makes findings about one environment, or about all. */
export function findingsOf(environment: string | null) {
  const make =
    (weight: Weight) =>
    (code: FindingCode, message: string, remedy = ''): Finding => ({ weight, code, environment, message, remedy })
  return { problem: make('problem'), note: make('note'), fine: make('fine') }
}

const marks: Readonly<Record<Weight, string>> = { problem: 'PROBLEM', note: 'note   ', fine: 'ok     ' }

function count(findings: readonly Finding[], weight: Weight, word: string): string {
  const number = findings.filter((finding) => finding.weight === weight).length
  return `${number} ${word}${number === 1 ? '' : 's'}`
}

/** Findings for people: problems first, each with what to do. */
export function describeFindings(findings: readonly Finding[]): string {
  const weights: readonly Weight[] = ['problem', 'note', 'fine']
  const lines = weights.flatMap((weight) =>
    findings
      .filter((finding) => finding.weight === weight)
      .map(({ environment, message, remedy }) => {
        const about = environment === null ? '' : `${environment}: `
        return `${marks[weight]}  ${about}${message}${remedy === '' ? '' : `\n         ${remedy}`}\n`
      }),
  )
  return `${lines.join('')}\n${count(findings, 'problem', 'problem')}, ${count(findings, 'note', 'note')}\n`
}

/** The same for programs. */
export function printFindings(findings: readonly Finding[]): string {
  const problems = findings.filter(({ weight }) => weight === 'problem').length
  return `${JSON.stringify({ problems, findings }, null, 2)}\n`
}
