import { plural } from '../../policy/plural.ts'
import { databricksAudience } from '../config/databricks-audience.ts'

/** How much a finding matters: `problem`, something keeps the proxy from working or from keeping environments apart; `note`, something to know. */
type Weight = 'problem' | 'note' | 'fine'

/** What may be found, and what to do about it unless the check says so itself. The names are stable: docs/doctor.md says what they mean. */
const remedies = {
  issuer: '',
  'issuer-unreachable':
    'Check its address in authentication, and that this machine can reach it; until then its callers are refused.',
  'token-review':
    'Check tokenReview of this issuer, and that the service account of the proxy has the cluster role system:auth-delegator (the chart binds it); until then its callers are refused.',
  clock: 'Set the clocks by NTP (timedatectl, chrony); in a virtual machine also after it was paused.',
  directory: '',
  'directory-unreachable': 'Check authentication.graph; until then groups that tokens do not list are unknown.',
  'group-name': 'Until then it stands for no group.',
  login: '',
  'login-unreachable': 'Check that this machine can reach the issuer; until then nobody can log in with a browser.',
  'login-client': 'Check authentication.login.clientId, clientSecretFile and the tenant: secrets expire.',
  'login-redirect': 'Add it to the application in Entra ID (platform Web), or ignore this if people can log in.',
  'login-redis': 'Check authentication.login.redis; until then nobody is logged in.',
  'upstream-unreachable':
    'Check upstream.url, and that this machine can reach it; docs/networks.md has more on certificates and forward proxies.',
  'upstream-refuses': '',
  'upstream-intermediary': 'docs/networks.md says what to do about each such answer.',
  'upstream-not-mlflow':
    'Check upstream.url: another program may have this port, or MLflow lies below a path. Where a gateway in front of MLflow answers so, give the proxy upstream.credentials for it, or let it pass.',
  workspace: '',
  version: '',
  'version-unknown': 'Check that upstream.url is the address of MLflow itself.',
  'version-untried': '',
  closed: '',
  open: '',
  storage: '',
  'storage-direct': '',
  credentials: '',
  'credentials-missing': 'Check the application id, its secret, the tenant, and that this machine can reach the issuer.',
  'credentials-audience': `Databricks takes tokens for ${databricksAudience} alone: write scope: ${databricksAudience}/.default, or leave scope out.`,
  'credentials-refused': '',
  'credentials-untried': 'Use --token-file FILE, with the token of a caller.',
  'callers-audience': `Write authentication.entra.audiences: [${databricksAudience}], or other credentials than passthrough.`,
  group: '',
  'group-missing': '',
  'group-ambiguous': 'Rename or delete the others.',
  'group-local': 'Use a group of the account if all workspaces should share its members.',
  'group-unchecked': 'Use the token of someone who may read groups.',
  folder: '',
  'folder-missing': '',
  'folder-too-wide':
    'They can change its experiments without the proxy. Remove it, for instance with the Terraform module mlflow-environments.',
  'folder-read': 'They can read its experiments without the proxy. Remove it if that is not intended.',
  'folder-too-narrow': 'Grant CAN_MANAGE: nothing can be created in a folder with less.',
  'folder-unchecked': 'Use the token of someone who manages it.',
  'registry-absent': '',
  'upstream-network': '',
  models: '',
  'model-too-wide': '',
  'model-read': '',
  'models-unchecked': '',
  'schema-missing': 'Create it, with USE CATALOG, USE SCHEMA and CREATE MODEL for its principals.',
  'schema-owner': 'Owners may do everything with its models, like admins: the owner should be an administrator.',
  owned: '',
  unowned:
    'Give environments what is theirs with `mlflow-env-proxy adopt` (docs/adoption.md); what stays is for those who use MLflow itself.',
  caller: '',
  'caller-refused': 'Get a token the way callers do, for an audience in the configuration.',
  'caller-nowhere': 'Add them to the group of an environment. If tokens list no groups, see authentication.directory.',
  'caller-around': '',
  'caller-admin': 'Remove them from the group admins.',
  'caller-inside': 'The proxy assigns stages to, and audits, only what passes through it.',
  'caller-shut': '',
  'check-failed': 'Run it again; the state of what it did not reach is unknown.',
} as const
type FindingCode = keyof typeof remedies

export const findingCodes: readonly string[] = Object.keys(remedies)

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
    (code: FindingCode, message: string, remedy: string = remedies[code]): Finding => ({
      weight,
      code,
      environment,
      message,
      remedy,
    })
  return { problem: make('problem'), note: make('note'), fine: make('fine') }
}

const marks: Readonly<Record<Weight, string>> = { problem: 'PROBLEM', note: 'note   ', fine: 'ok     ' }

const count = (findings: readonly Finding[], weight: Weight) =>
  plural(findings.filter((finding) => finding.weight === weight).length, weight)

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
  return `${lines.join('')}\n${count(findings, 'problem')}, ${count(findings, 'note')}\n`
}

/** The same for programs. */
export function printFindings(findings: readonly Finding[]): string {
  const problems = findings.filter(({ weight }) => weight === 'problem').length
  return `${JSON.stringify({ problems, findings }, null, 2)}\n`
}
