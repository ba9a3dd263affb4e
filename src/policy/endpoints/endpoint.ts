import type { ClientMode, ServerKind } from '../environments/environment.ts'
import type { Meaning } from '../meanings/meaning-table.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Action = 'read' | 'search' | 'create' | 'update' | 'delete' | 'transition'
export type Resource =
  | 'experiment'
  | 'run'
  | 'registeredModel'
  | 'modelVersion'
  | 'loggedModel'
  | 'dataset'
  | 'scorer'
  | 'issue'
  | 'labelSchema'
  | 'reviewQueue'
  | 'trace'
  | 'artifact'
  | 'server'
  | 'ui'
  | 'webhook'
  | 'permissions'
  | 'servingEndpoint'
  | 'gateway'
  | 'gatewayEndpoint'
  | 'modelDefinition'
  | 'gatewaySecret'

/** Where the rows of a search are, and how its pages are counted. */
export interface Search {
  /** The answer's field that holds the rows. */
  readonly rows: string
  /** The answer's field that counts the rows of all pages, where it has one. */
  readonly total?: string
  /** The upstream's page size when the caller names none. */
  readonly pageSize: number
  /** The largest page that the upstream gives. */
  readonly maxPageSize: number
  /** The upstream column that the environment's own rows are told by; null where ids in the request bound the rows. */
  readonly nameColumn: 'modelName' | 'experimentName' | null
}

/** A validation in one of MLflow's handlers. */
export interface Demand {
  /** A field; `|` separates spellings of one. */
  readonly field: string
  /** `given`: neither left out nor empty; `present`: not left out; a number: the most items that it may have. */
  readonly must: 'given' | 'present' | number
  /** What MLflow says where it is not so; `{found}` stands for the number of items. */
  readonly sentence: string
}

/** Of rows that are open on MLflow's own server as well as on a workspace, whichever registry that has. */
export const everyUpstream: readonly ServerKind[] = ['mlflow', 'databricks', 'unityCatalog']

/** One row of the endpoint table: what an endpoint of MLflow means, and where its references are. */
export interface EndpointRow {
  readonly method: Method
  /** Path below the API prefix, as in MLflow's route list, with `{param}` placeholders. */
  readonly path: `/${string}`
  readonly resource: Resource
  readonly action: Action
  readonly fields: Readonly<Record<string, Meaning>>
  /** Fields without which MLflow refuses the request; `|` separates spellings of one. */
  readonly required: readonly string[]
  /** MLflow's additional validations, in its own order and words. */
  readonly demands?: readonly Demand[]
  /** The same, where MLflow reads nothing else of the request before it. */
  readonly firstDemands?: readonly Demand[]
  readonly search?: Search
  /** The request may leave open whose rows it is for: the owners of the answer's rows are then looked up. */
  readonly anyExperiment?: true
  /** Bytes instead of a JSON message: `down` in the answer, `up` in the request, or in both. */
  readonly bytes?: 'down' | 'up' | 'both'
  /** Clients of MLflow 2.9 leave experiment and run out of its store path: told that the store has no such uploads, they send the file as one. */
  readonly placeless?: 'no-multipart'
  /** The body is an object with arbitrary fields, of which only those with a meaning here are examined. */
  readonly opaque?: true
  /** The workspace itself is asked, for a signed URL of the file that a path of its Files API names. */
  readonly signsUrl?: true
  /** MLflow's own client writes the path with a slash at its end. */
  readonly slashToo?: true
  /** Only administrators of the environment may ask it. */
  readonly administrators?: true
  /** Whether it may be asked of the serving endpoints that the configuration shares. */
  readonly sharedToo?: true
  /** The body is OpenTelemetry's, and where the spans go stands in headers. */
  readonly body?: 'otlp'
  /** The answer may hold MLflow's bare `NaN`. */
  readonly answersNaN?: true
  /** The traces that it names may still be on their way: they are waited for. */
  readonly awaited?: true
  /** A write that may be sent again without changing anything more. */
  readonly repeatable?: true
  /** The row that means the same and that it is judged, sent and answered as: an API of other names and shapes. */
  readonly asks?: string
  /** The request that is sent instead: a search with the same meaning, if the endpoint itself cannot be narrowed. */
  readonly sentAs?: { readonly method: Method; readonly path: `/${string}` }
  /** The kinds of upstream that it is open on: `everyUpstream` only where each was looked at. */
  readonly upstreams: readonly ServerKind[]
  /** The clients that it is open to; left out: all. */
  readonly modes?: readonly ClientMode[]
  /** The version of MLflow's API, if several versions have the path with different messages. */
  readonly api?: '2.0' | '3.0'
  /** The upstream takes the parameters in the query, though it is no GET. */
  readonly inQuery?: true
  /** What it creates, and the proxy completes: an experiment with its tags, a data set with its experiment, a version with its stage or alias. */
  readonly makes?: 'experiment' | 'dataset' | 'version'
  /** The client brings the files of the new version itself, and says when they are there. */
  readonly bringsFiles?: true
  /** A client that brought a version's files says that they are there. */
  readonly finishesVersion?: true
  /** A data set is taken out of the experiments that are named. */
  readonly leavesExperiments?: true
  /** When the use of a gateway endpoint is tracked: unless the request disables it, or only if it enables it. MLflow creates an experiment for it. */
  readonly tracksUsage?: 'unless-off' | 'when-on'
  /** What the proxy itself does in a workspace's storage, apart from reading and writing files: a listing for MLflow's clients or for the Files API's, or a deletion. */
  readonly inStorage?: 'list' | 'listFolder' | 'delete'
  /** The field with the key of a tag, for the audit line, where it is free: no such key has a meaning of its own. */
  readonly tagKey?: string
  /** The page by which people come in: those of several environments are asked which one they want. */
  readonly entrance?: true
  /** Our own description of the messages, where MLflow has none. */
  readonly request?: string
  readonly response?: string
}

type RowDetails = Omit<Partial<EndpointRow>, 'method' | 'path' | 'action' | 'fields' | 'required' | 'resource' | 'upstreams'>

/** Makes rows for one resource that are open on the same kinds of upstream, with their common details. */
export function rowsOf(resource: Resource, upstreams: readonly ServerKind[], common: RowDetails = {}) {
  return (
    method: Method,
    path: EndpointRow['path'],
    action: Action,
    fields: EndpointRow['fields'] = {},
    required: EndpointRow['required'] = [],
    details: RowDetails = {},
  ): EndpointRow => ({ resource, upstreams, method, path, action, fields, required, ...common, ...details })
}

/** A row joined with what MLflow's route list says of it: an endpoint that may be forwarded after a decision. */
export interface OpenEndpoint extends EndpointRow {
  readonly name: string
  /** Message names of MLflow's protobuf (or of ours); `handmade.Empty` if there is none. */
  readonly request: string
  readonly response: string
  /** Prefixes under which clients ask; the upstream is always asked under `upstreamPrefix`. */
  readonly prefixes: readonly string[]
  readonly upstreamPrefix: string
  readonly pathParams: readonly string[]
  /** The path parameter that may hold slashes. */
  readonly multiSegment: string | null
  readonly versions: readonly string[]
}

/** An endpoint that is known and refused. */
export interface ClosedEndpoint {
  readonly method: string
  readonly path: string
  readonly prefixes: readonly string[]
  readonly multiSegment: string | null
  readonly versions: readonly string[]
  /** Why, as a sentence for the person who asks. */
  readonly closed: string
  /** Answered as if the server did not have it: clients then use another endpoint. */
  readonly hidden: boolean
  /** Not forwarded, but answered by the proxy itself. */
  readonly local: boolean
}
