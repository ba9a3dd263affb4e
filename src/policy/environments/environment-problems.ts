import { mayBeOne } from '../names/look-alikes.ts'
import { nameProblem } from '../names/name-form.ts'
import { withoutTrailing } from '../names/trailing.ts'
import { type Environment, type PolicyConfig, usesCatalog } from './environment.ts'
import { findOverlaps } from './environment-overlaps.ts'
import { type EnvironmentProblem, problem } from './environment-problem.ts'

/**
 * Everything that would make a landscape unsafe, in a fixed order. An empty answer proves that no upstream name belongs to two
 * environments: no model suffix ends with another's, and no experiment root equals or holds another's.
 */
export function findEnvironmentProblems(config: PolicyConfig): EnvironmentProblem[] {
  return [
    ...config.environments.flatMap((environment) => [
      ...rootProblems(environment, config.foldsCase),
      ...workspaceProblems(environment, config),
      ...serverWorkspaceProblems(environment, config),
      ...(usesCatalog(config) ? catalogProblems(environment, config) : notCatalogProblems(environment)),
      ...stageProblems(environment),
      ...promotionProblems(environment, config),
      ...sharedEndpointProblems(environment, config),
      ...servingModelProblems(environment, config),
    ]),
    ...findOverlaps(config),
  ]
}

/** In a workspace `/Workspace/x` is `/x`: two spellings of a root would make two owners of one experiment. */
function workspaceProblems(environment: Environment, { kind }: PolicyConfig): EnvironmentProblem[] {
  if (kind !== 'databricks' || !/^\/Workspace(\/|$)/i.test(environment.experimentRoot)) return []
  const root = environment.experimentRoot
  return [
    problem(
      environment,
      'experimentRoot',
      `\`${root}\` begins with /Workspace, which Databricks removes; write ${root.slice(10) || '/experiments'}`,
    ),
  ]
}

/** What is in one workspace of an MLflow server cannot be seen from another. */
function serverWorkspaceProblems(environment: Environment, { kind, environments }: PolicyConfig): EnvironmentProblem[] {
  const { workspace, promotesFrom } = environment
  if (kind === 'databricks' && workspace !== undefined)
    return [problem(environment, 'workspace', 'a Databricks workspace has no MLflow workspaces; leave it out')]
  return promotesFrom.flatMap((from, index) => {
    const other = environments.find(({ name }) => name === from)
    if (other === undefined || other.workspace === workspace) return []
    const message = `\`${from}\` is in another workspace of the MLflow server, from which nothing can be promoted; leave it out, or use one workspace for both`
    return [problem(environment, 'promotesFrom', message, { index, against: from })]
  })
}

function rootProblems(environment: Environment, foldsCase: boolean): EnvironmentProblem[] {
  const root = environment.experimentRoot
  const say = (message: string) => [problem(environment, 'experimentRoot', `\`${root}\` ${message}`)]
  const instead = `write an absolute path such as /experiments/${environment.name}`
  if (!root.startsWith('/')) return say(`is not absolute; ${instead}`)
  if (root === '/') return say(`contains every experiment; ${instead}`)
  if (root.endsWith('/')) return say(`ends with a slash; write ${withoutTrailing(root, '/')}`)
  const form = nameProblem('experiment', root.slice(1))
  if (form !== null) return say(`${form}; ${instead}`)
  if (/["'`\\%?#]/.test(root)) return say(`has one of the characters " ' \` \\ % ? #; ${instead}`)
  if (foldsCase && !/^[ -~]+$/.test(root)) return say(`has non-ASCII characters, which databases may treat as others; ${instead}`)
  return []
}

/** What Unity Catalog needs, and that no environment but a production one gives an alias that is production's. */
function catalogProblems(environment: Environment, { environments }: PolicyConfig): EnvironmentProblem[] {
  const problems: EnvironmentProblem[] = []
  const { name, production, unityCatalogSchema, registrationAlias } = environment
  if (unityCatalogSchema === undefined) {
    const message = `is missing; write the catalog and schema of its models, for example ${name.replaceAll('-', '_')}.ml`
    problems.push(problem(environment, 'unityCatalogSchema', message))
  }
  if (production || !registrationAlias) return problems
  const kept = environments.find((each) => each.production && mayBeOne(each.registrationAlias ?? 'production', registrationAlias))
  if (kept === undefined && !mayBeOne('production', registrationAlias)) return problems
  const message = `\`${registrationAlias}\` is reserved for production${kept ? ` (${kept.name})` : ''}; write another alias, such as staging, or none`
  return [...problems, problem(environment, 'registrationAlias', message)]
}

function notCatalogProblems(environment: Environment): EnvironmentProblem[] {
  const keys = (['unityCatalogSchema', 'registrationAlias'] as const).filter((key) => environment[key] !== undefined)
  return keys.map((key) => problem(environment, key, 'is only for `upstream.registry: unityCatalog`; leave it out'))
}

function stageProblems(environment: Environment): EnvironmentProblem[] {
  if (environment.production || environment.registrationStage !== 'Production') return []
  const message = '`Production` is only for a production environment; write Staging or none, or set production: true'
  return [problem(environment, 'registrationStage', message)]
}

function promotionProblems(environment: Environment, config: PolicyConfig): EnvironmentProblem[] {
  const names = config.environments.map(({ name }) => name)
  const problems = environment.promotesFrom.flatMap((from, index) => {
    if (from === environment.name) {
      return [problem(environment, 'promotesFrom', 'an environment cannot promote from itself; leave it out', { index })]
    }
    if (names.includes(from)) return []
    const known = names.filter((name) => name !== environment.name)
    const instead = known.length > 0 ? `write one of ${known.join(', ')}` : 'leave it out'
    return [problem(environment, 'promotesFrom', `there is no environment \`${from}\`; ${instead}`, { index })]
  })
  if (environment.production || environment.promotesFrom.length === 0) return problems
  const message = 'only a production environment can promote; set production: true, or leave promotesFrom out'
  return [...problems, problem(environment, 'promotesFrom', message)]
}

/** A shared endpoint that has an environment's suffix would be that environment's own, too. */
function sharedEndpointProblems(environment: Environment, { environments }: PolicyConfig): EnvironmentProblem[] {
  return (environment.sharedServingEndpoints ?? []).flatMap((name, index) => {
    const owner = environments.find(({ modelSuffix }) => name.endsWith(modelSuffix))
    if (owner === undefined) return []
    const message = `\`${name}\` belongs to environment ${owner.name} by its suffix \`${owner.modelSuffix}\`; leave it out: endpoints of environments are not shared`
    return [problem(environment, 'sharedServingEndpoints', message, { index })]
  })
}

/** A schema that is an environment's holds its models: those are served as models of environments are, or not at all. */
function servingModelProblems(environment: Environment, { environments, ownHosts = [] }: PolicyConfig): EnvironmentProblem[] {
  const { schemas = [], hosts = [] } = environment.servingModels ?? {}
  const say = (message: string) => problem(environment, 'servingModels', message)
  return [
    ...schemas.flatMap((schema) => {
      const owner = environments.find(({ unityCatalogSchema }) => unityCatalogSchema?.toLowerCase() === schema)
      return owner === undefined
        ? []
        : [
            say(
              `names \`${schema}\`, the schema of environment ${owner.name}; leave it out: its models are served by their logical names`,
            ),
          ]
    }),
    ...hosts.flatMap((host) =>
      ownHosts.some((own) => own.replace(/:443$/, '') === host.replace(/:443$/, ''))
        ? [say(`names \`${host}\`, which is the upstream or the proxy itself; leave it out`)]
        : [],
    ),
  ]
}
