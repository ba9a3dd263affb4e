import { servedBy } from './checks/serving/served-versions.ts'
import type { OpenEndpoint } from './endpoints/endpoint.ts'
import type { Meaning } from './meanings/meaning.ts'
import type { JsonObject } from './messages/json/json.ts'
import { placesMeaning, textsOf } from './messages/message-fields.ts'

/** A reference for the audit line; `upstream` is null as long as nobody has resolved it. */
export interface RequestedReference {
  readonly kind: string
  readonly logical: string
  readonly upstream: string | null
}

/** What is audited of a request that is not allowed: names, ids and paths, and nothing that may hold a secret or a value. */
const kinds: readonly (readonly [kind: string, meaning: Meaning])[] = [
  ['model', 'modelName'],
  ['model', 'newModelName'],
  ['schema', 'catalogLevel'],
  ['experiment', 'experimentName'],
  ['experiment', 'newExperimentName'],
  ['experiment', 'experiment'],
  ['experiment', 'experiments'],
  ['experiment', 'experimentsToSearch'],
  ['endpoint', 'servingEndpointName'],
  ['gateway', 'gatewayEndpointName'],
  ['gateway', 'gatewayEndpoint'],
  ['modelDefinition', 'modelDefinitionName'],
  ['modelDefinition', 'modelDefinition'],
  ['gatewaySecret', 'gatewaySecretName'],
  ['gatewaySecret', 'gatewaySecret'],
  ['run', 'run'],
  ['run', 'runsToRead'],
  ['run', 'relatedRun'],
  ['loggedModel', 'loggedModel'],
  ['loggedModel', 'relatedModel'],
  ['dataset', 'dataset'],
  ['issue', 'issue'],
  ['issue', 'newIssue'],
  ['labelSchema', 'labelSchema'],
  ['labelSchema', 'labelSchemas'],
  ['reviewQueue', 'reviewQueue'],
  ['scorer', 'boundResource'],
  ['model', 'relatedModelName'],
  ['trace', 'trace'],
  ['trace', 'newTrace'],
  ['trace', 'tracesToSearch'],
  ['artifact', 'storePath'],
  ['artifact', 'storeFolder'],
  ['artifact', 'workspaceFile'],
  ['artifact', 'dbfsPath'],
]

/** Of one request at most so many references, and of each so many characters: they are the caller's words, and unchecked. */
const most = { references: 20, characters: 256 } as const

/** The references of a decoded request as the caller wrote them. */
export function requestedReferences(endpoint: OpenEndpoint, message: JsonObject): readonly RequestedReference[] {
  const served = servedBy({ endpoint, message }).map(({ name }) => ({
    kind: 'model',
    logical: name.slice(0, most.characters),
    upstream: null,
  }))
  const named = kinds.flatMap(([kind, meaning]) =>
    placesMeaning(endpoint, message, meaning).flatMap(({ value }) =>
      textsOf(value).map((text) => ({ kind, logical: text.slice(0, most.characters), upstream: null })),
    ),
  )
  return [...named, ...served].filter(({ logical }) => logical !== '').slice(0, most.references)
}
