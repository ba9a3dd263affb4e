import { type Findings, type Table, tabulateFiles, tabulateSeen, tabulateStored } from './findings.ts'

const seen = [
  ['acc', 'Default, churn', '1', 'notes.md', 'fraud v1', 'Staging'],
  ['preprod', 'Default, churn', '1', 'notes.md', 'fraud v1', 'Staging'],
  ['prod', 'Default, churn', '1', 'notes.md', 'fraud v1', 'Production'],
]

const stored = [
  ['/experiments/acc/Default', '0', '', ''],
  ['/experiments/acc/churn', '1', 'fraud_acc v1', 'Staging'],
  ['/experiments/preprod/Default', '0', '', ''],
  ['/experiments/preprod/churn', '1', 'fraud_preprod v1', 'Staging'],
  ['/experiments/prod/Default', '0', '', ''],
  ['/experiments/prod/churn', '1', 'fraud_prod v1', 'Production'],
]
/** What MLflow itself created; a workspace has none. */
const ofTheServer = [['Default', '0', '', '']]

const refusals = [
  ["acc reads prod's model", 'PERMISSION_DENIED'],
  ['acc promotes to Production', 'PERMISSION_DENIED'],
  ["acc opens prod's run by its id", 'RESOURCE_DOES_NOT_EXIST'],
  ['somebody without a token looks around', 'CUSTOMER_UNAUTHORIZED'],
]

// Only of a workspace.
const files = [
  ['notes.md', 'runs', '3'],
  ['MLmodel', 'logged models', '3'],
  ['MLmodel', "registered versions (the registry's own copies)", '3'],
]
const pastTheProxy = ['acc goes to the workspace, past the proxy', 'BAD_REQUEST']

const write = (row: readonly string[]) => row.filter((cell) => cell !== '').join(' | ')

function compare(where: string, expected: Table, found: Table): string[] {
  const [wanted, given] = [expected.map(write), found.map(write)]
  return [
    ...wanted.filter((row) => !given.includes(row)).map((row) => `${where}: missing: ${row}`),
    ...given.filter((row) => !wanted.includes(row)).map((row) => `${where}: unexpected: ${row}`),
  ]
}

/** Everything that differs from what the demo promises, one line each; empty if all is well. */
export function listSurprises(findings: Findings): string[] {
  const { files: found } = findings
  const answers = findings.attempts.map(({ what, code }) => [what, code ?? 'allowed'])
  return [
    ...compare('what each environment sees', seen, tabulateSeen(findings.seen).slice(1)),
    ...compare(
      'what MLflow stores',
      found === undefined ? [...stored, ...ofTheServer] : stored,
      tabulateStored(findings.stored).slice(1),
    ),
    ...(found === undefined ? [] : compare('what lies in storage', files, tabulateFiles(found).slice(1))),
    ...compare('what is refused', found === undefined ? refusals : [...refusals, pastTheProxy], answers),
  ]
}
