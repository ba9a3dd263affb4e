import type { Meaning } from '../../src/policy/meanings/meaning-table.ts'
import { fieldOf } from '../../src/policy/messages/message-shape.ts'
import { catalogLevel } from '../fixtures/full-message.ts'
import { absentRun, type Belongings } from '../fixtures/tenancy.ts'
import {
  anything,
  both,
  type Case,
  type Cases,
  type CrossEnvironmentCase,
  ids,
  nothing,
  promotes,
  reads,
} from './cross-environment-case.ts'

const absentId = 'absent-1'

/** A version that an endpoint is to serve, in the spelling of served entities or of the older served models. */
const served = (list: string, name: string) => [
  list === 'served_models' ? { model_name: name, model_version: '2' } : { entity_name: name, entity_version: '2' },
]

/** An endpoint may serve what its maker may read. */
const foreignServed =
  (say: (crossCase: CrossEnvironmentCase, name: string) => unknown): Cases =>
  (crossCase) => {
    const value = say(crossCase, crossCase.other.stored('fraud'))
    return [promotes(crossCase) ? { value, verdict: 'allow' } : { value, verdict: 'foreign-name', withoutLookUps: true }]
  }

/** A model's name in three levels is read as the name that they make. */
function foreignLevels(crossCase: CrossEnvironmentCase): Case[] {
  const { other, endpoint, selector } = crossCase
  const value = catalogLevel(other, selector)
  // A list is of one's own schema alone.
  if (!promotes(crossCase) || endpoint.action === 'search') return [{ value, verdict: 'foreign-name', withoutLookUps: true }]
  return [reads(endpoint) ? { value, verdict: 'allow' } : { value, verdict: 'read-only', withoutLookUps: true }]
}

const root = 'WorkspaceInternal/Mlflow/Artifacts'
const foreignFiles: Cases = ({ other }) => [
  {
    value: `${root}/${other.experiment}/Runs/${other.run(1)}/artifacts/x`,
    twin: `${root}/${other.experiment}/Runs/${absentRun}/artifacts/x`,
    verdict: 'closed-endpoint',
  },
  {
    value: `${root}/${other.experiment}/LoggedModels/${other.model(1)}/artifacts/x`,
    twin: `${root}/${other.experiment}/LoggedModels/m-${absentRun}/artifacts/x`,
    verdict: 'closed-endpoint',
  },
  { value: `Volumes/main/${other.environment.name}/x`, verdict: 'closed-endpoint', withoutLookUps: true },
]

/** The files of a version in Unity Catalog. */
const foreignVersionFiles: Cases = (crossCase) => {
  const { other, endpoint } = crossCase
  const [catalog, schema] = [catalogLevel(other, 'catalog_name'), catalogLevel(other, 'schema_name')]
  if (catalog === '') return []
  const value = `Models/${catalog}/${schema}/fraud/2/MLmodel`
  if (!promotes(crossCase)) return [{ value, verdict: 'foreign-name' }]
  return [{ value, verdict: reads(endpoint) ? 'allow' : 'read-only' }]
}

const foreignDbfs: Cases = ({ other }) => [
  { value: other.environment.sourcePrefixes[0]?.replace('dbfs:', '').concat('x'), verdict: 'closed-endpoint' },
  {
    value: `/databricks/mlflow-tracking/${other.experiment}/${other.run(1)}/artifacts/x`,
    twin: `/databricks/mlflow-tracking/${other.experiment}/${absentRun}/artifacts/x`,
    verdict: 'closed-endpoint',
  },
]

const opaque = (kind: Parameters<Belongings['opaqueId']>[0]) => ids(({ opaqueId }) => opaqueId(kind), absentId)

/** The config of an endpoint, whose older form some requests do not have. */
const foreignConfig =
  (list: 'served_entities' | 'served_models'): Cases =>
  (crossCase) => {
    const config = fieldOf(crossCase.endpoint.request, crossCase.selector)?.message ?? ''
    return fieldOf(config, list) === undefined ? [] : foreignServed((_, name) => ({ [list]: served(list, name) }))(crossCase)
  }

/** What another environment's things look like in the meanings that only a Databricks workspace has. */
export const workspaceCrossEnvironmentCases = {
  webhook: opaque('hook'),
  registeredModelId: opaque('model'),
  servingEndpointId: opaque('endpoint'),
  catalogLevel: foreignLevels,
  servingEndpointName: ({ other }) => [
    { value: `scorer${other.environment.modelSuffix}`, verdict: 'foreign-name', withoutLookUps: true },
  ],
  servedEntities: foreignServed(({ selector }, name) => served(selector, name)),
  servingConfig: both(foreignConfig('served_entities'), foreignConfig('served_models')),
  aiGateway: () => [
    {
      value: { inference_table_config: { catalog_name: 'main', enabled: true } },
      verdict: 'foreign-source',
      withoutLookUps: true,
    },
  ],
  gatewayRateLimits: nothing,
  olderRateLimits: nothing,
  ofWorkspace: anything('foreign-source'),
  workspaceFile: both(foreignFiles, foreignVersionFiles),
  dbfsPath: foreignDbfs,
} satisfies Partial<Record<Meaning, Cases>>
