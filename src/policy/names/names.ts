import { type Environment, type PolicyConfig, usesCatalog } from '../environments/environment.ts'
import { Refusal } from '../reasons.ts'
import { claims, foldsCase, frame, isRoot } from './claims.ts'
import { endpointName, inNormalForm, invisible, type NameKind, nameProblem } from './name-form.ts'

declare const upstreamSide: unique symbol
/** A name as MLflow stores it. Only this file makes one, so a forgotten mapping does not compile. */
export type UpstreamName = string & { readonly [upstreamSide]: true }

/** What a name of each kind is called in a sentence. */
export const nameWords: Readonly<Record<NameKind, string>> = {
  model: 'model',
  experiment: 'experiment',
  endpoint: 'serving endpoint',
  gateway: 'gateway endpoint',
  modelDefinition: 'model definition',
  gatewaySecret: 'gateway secret',
}

/** A name with its owner: what MLflow stores, and what the owner's own callers say. */
export interface OwnedName {
  readonly owner: Environment
  readonly logical: string
  readonly upstream: UpstreamName
}

/** As `nameProblem`, with what Unity Catalog does not take: there a dot ends a level. */
function problemOf(config: PolicyConfig, kind: NameKind, name: string): string | null {
  const problem = nameProblem(kind, name)
  if (problem !== null || kind !== 'model' || !usesCatalog(config)) return problem
  if (name.length > 255) return 'is longer than 255 characters'
  return /[./\s]/.test(name) ? 'has a dot, a slash or a space, which Unity Catalog does not allow' : null
}

/** The pattern of `LIKE` that an environment's names fit, where its logical names fit `pattern`. */
export function storedPattern(config: PolicyConfig, kind: NameKind, owner: Environment, pattern: string): string {
  const { before, after } = frame(config, kind, owner)
  return `${before}${pattern}${after}`
}

/** The one spelling of a name: in a Databricks workspace `/Workspace/experiments/x` is `/experiments/x`. */
function plainSpelling(config: PolicyConfig, kind: NameKind, name: string): string {
  return kind === 'experiment' && config.kind === 'databricks' ? name.replace(/^\/Workspace(?=\/)/, '') : name
}

function absolute(kind: NameKind, name: string): string {
  return kind === 'experiment' && !name.startsWith('/') ? `/${name}` : name
}

/** What MLflow stores for an environment's logical name. */
function store(config: PolicyConfig, kind: NameKind, owner: Environment, logical: string): UpstreamName {
  const { before, after } = frame(config, kind, owner)
  const stored = kind === 'model' && usesCatalog(config) ? logical.toLowerCase() : logical
  return `${before}${stored}${after}` as UpstreamName
}

/** A logical name must not look qualified, or it would have two meanings. */
function isPlain(config: PolicyConfig, kind: NameKind, logical: string): boolean {
  const text = absolute(kind, logical)
  if (plainSpelling(config, kind, text) !== text) return false
  return claims(config, kind, text).length === 0 && !(kind === 'experiment' && isRoot(config, text))
}

/** Whose a stored name is, or null when it belongs to nobody: the inverse of `resolveName`. */
export function ownerOf(config: PolicyConfig, kind: NameKind, text: string): OwnedName | null {
  const stored = plainSpelling(config, kind, text)
  const [claim, ...others] = claims(config, kind, stored)
  if (claim === undefined || others.length > 0) return null
  if (problemOf(config, kind, claim.logical) !== null || !isPlain(config, kind, claim.logical)) return null
  const upstream = store(config, kind, claim.owner, claim.logical)
  return upstream === stored || foldsCase(config, kind) ? { ...claim, upstream: stored as UpstreamName } : null
}

/** Refuses a name that is only what makes a name an environment's: its suffix, its schema, or its folder. */
function refuseFrameAlone(config: PolicyConfig, kind: NameKind, name: string, text: string): void {
  const before = kind === 'experiment' || (kind === 'model' && usesCatalog(config))
  const isFrame = claims(config, kind, text).some(({ logical }) => logical === '')
  if (!isFrame && !(kind === 'experiment' && isRoot(config, text))) return
  const what = kind === 'experiment' ? 'folder' : before ? 'schema' : 'suffix'
  throw new Refusal(
    'invalid-parameter',
    `The ${nameWords[kind]} name '${name}' is only an environment's ${what}: add a name ${before ? 'after' : 'before'} it.`,
  )
}

/**
 * Whether a caller writes an experiment's name with a slash before it, as it is to come back; null for a qualified name, which says
 * nothing of it.
 */
export function hasLeadingSlash(config: PolicyConfig, name: string): boolean | null {
  const text = plainSpelling(config, 'experiment', inNormalForm(name))
  return claims(config, 'experiment', absolute('experiment', text)).length > 0 ? null : text.startsWith('/')
}

/**
 * What a caller of `environment` means by a name: their own model or experiment, or, when it is qualified, its owner's.
 * Throws `invalid-parameter` for a name that cannot be stored and found again under the same name.
 */
export function resolveName(config: PolicyConfig, environment: Environment, kind: NameKind, name: string): OwnedName {
  const word = nameWords[kind]
  const text = plainSpelling(config, kind, absolute(kind, inNormalForm(name)))
  refuseFrameAlone(config, kind, name, text)
  const [claim] = claims(config, kind, text)
  const owner = claim?.owner ?? environment
  const logical = claim?.logical ?? (kind === 'experiment' ? text.slice(1) : text)
  // Of the frame, too: a database may pass over what is not seen in it.
  const problem = problemOf(config, kind, logical) ?? (invisible.test(text) ? nameProblem(kind, text) : null)
  if (problem !== null) throw new Refusal('invalid-parameter', `The ${word} name ${problem}. Choose another name.`)
  if (!isPlain(config, kind, logical)) {
    throw new Refusal(
      'invalid-parameter',
      `The ${word} name '${name}' is ambiguous: it names an environment twice. Choose another name.`,
    )
  }
  const upstream = store(config, kind, owner, logical)
  if (kind === 'endpoint' && !endpointName.test(upstream)) {
    throw new Refusal(
      'invalid-parameter',
      `The ${word} name '${name}' is too long, or not valid in Databricks, with its environment's suffix: '${upstream}'. Choose another name.`,
    )
  }
  return { owner, logical, upstream }
}

/** A stored name that is the environment's own; null for any other. */
export function ownStored(
  { config, environment }: { readonly config: PolicyConfig; readonly environment: Environment },
  kind: NameKind,
  stored: string,
): OwnedName | null {
  const owned = ownerOf(config, kind, stored)
  return owned?.owner.name === environment.name ? owned : null
}

/** Whether a caller of `environment` may read what `owner` has. */
export function mayRead(environment: Environment, owner: Environment): boolean {
  return owner.name === environment.name || environment.promotesFrom.includes(owner.name)
}

/** The name under which a caller of `environment` sees a stored one, or null when they may not see it at all. */
export function showName(config: PolicyConfig, environment: Environment, kind: NameKind, stored: string): string | null {
  const owned = ownerOf(config, kind, stored)
  if (owned === null || !mayRead(environment, owned.owner)) return null
  return owned.owner.name === environment.name ? owned.logical : stored
}

/** The logical name of every environment's own default experiment, as on a fresh MLflow server. */
const defaultExperimentName = 'Default'

/** What MLflow stores for the environment's default experiment. */
export function defaultExperiment(environment: Environment): UpstreamName {
  return `${environment.experimentRoot}/${defaultExperimentName}` as UpstreamName
}
