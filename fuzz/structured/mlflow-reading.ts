import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import type { Meaning } from '../../src/policy/meanings/meaning-table.ts'
import { type Json, JsonNumber } from '../../src/policy/messages/json/json.ts'
import { parseJson } from '../../src/policy/messages/json/json-text.ts'
import type { Belongings } from '../../test/fixtures/tenancy.ts'
import type { Asked } from '../../test/harness/tenancy-server.ts'
import { holdsId, isId, isNamed, names, numbersExperiment } from './owners.ts'

/** A text in a request that MLflow received, and its position: `metrics[].model_id`. */
interface Said {
  readonly selector: string
  readonly text: string
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Both readings of a text: as it is, and as JSON inside it. */
function* leaves(value: Json, selector: string): Generator<Said> {
  if (typeof value === 'string' || value instanceof JsonNumber)
    yield { selector, text: typeof value === 'string' ? value : value.text }
  else if (Array.isArray(value)) for (const item of value) yield* leaves(item, `${selector}[]`)
  else if (value instanceof Map)
    for (const [key, item] of value) yield* leaves(item, selector === '' ? snakeCase(key) : `${selector}.${snakeCase(key)}`)
}

function inPath({ path, prefixes, multiSegment }: OpenEndpoint, target: string): Said[] {
  const prefix = prefixes.find((each) => target.startsWith(each)) ?? ''
  const parts = target.slice(prefix.length).split('/')
  return path.split('/').flatMap((part, at) => {
    const name = /^\{(.+?)\}/.exec(part)?.[1]
    if (name === undefined) return []
    return [{ selector: name, text: name === multiSegment ? parts.slice(at).join('/') : (parts[at] ?? '') }]
  })
}

/** All texts of a request, wherever MLflow could look for them. Throws Refusal for a body that two parsers read differently. */
function everythingSaid(endpoint: OpenEndpoint, { target, body }: Pick<Asked, 'target' | 'body'>): Said[] {
  const [path = '', query = ''] = target.split('?')
  const inQuery = [...new URLSearchParams(query)].map(([key, text]) => ({ selector: snakeCase(key), text }))
  const isJson = body.length > 0 && endpoint.bytes === undefined && endpoint.body === undefined
  const inBody = isJson ? [...leaves(parseJson(body.toString('utf8')), '')] : []
  return [...inPath(endpoint, path), ...inQuery, ...inBody]
}

/** Meanings with which a foreign reference may reach MLflow: it finds nothing there, or treats it as text. */
const harmless: ReadonlySet<Meaning> = new Set([
  ...([
    'free',
    'filter',
    'traceFilter',
    'orderBy',
    'pageToken',
    'maxResults',
    'tagKey',
    'version',
    'stage',
    'stages',
    'alias',
  ] as const),
  ...([
    'archiveExisting',
    'experimentTags',
    'experimentTagKey',
    'traceTagKey',
    'assessmentId',
    'scorersToRead',
    'relativePath',
  ] as const),
  ...(['versionTags', 'loggedModelTags', 'runTags', 'traceTags', 'tagsJson', 'recordsJson', 'runTag', 'traceTag'] as const),
  ...(['spanAttributes', 'resourceAttributes', 'secretValue', 'authConfig', 'scorerJson', 'aiGateway', 'modelJson'] as const),
  ...([
    'dataSource',
    'filePath',
    'localFile',
    'providersModel',
    'link',
    'tracesToSearch',
    'boundResource',
    'relatedIssue',
    'credentialOperation',
    'ofWorkspace',
    'servedName',
  ] as const),
])
const ofExperiments: ReadonlySet<Meaning> = new Set([
  ...([
    'experiment',
    'experiments',
    'experimentsToSearch',
    'locationsToSearch',
    'storePath',
    'storeFolder',
    'artifactLocation',
  ] as const),
  ...(['versionSource', 'workspaceFile', 'dbfsPath'] as const),
])

/** Meanings that are only names: an id inside is part of the name. */
const ofNames: ReadonlySet<Meaning> = new Set([
  ...(['modelName', 'newModelName', 'relatedModelName', 'experimentName', 'newExperimentName', 'servingEndpointName'] as const),
  ...(['gatewayEndpointName', 'modelDefinitionName', 'gatewaySecretName'] as const),
])

/** Locations written as URIs. */
const ofPlaces: ReadonlySet<Meaning> = new Set(['versionSource', 'artifactLocation'] as const)

/** Meanings where only the exact id is a reference. */
const pointed = new Map<Meaning, 'run' | 'model' | 'trace' | 'issue'>([
  ['relatedRun', 'run'],
  ['relatedModel', 'model'],
  ['relatedTrace', 'trace'],
  ['newTrace', 'trace'],
  ['newIssue', 'issue'],
])

const plain = (selector: string) => selector.replace(/\[\]/g, '')

function meaningAt({ fields }: OpenEndpoint, selector: string): Meaning | undefined {
  const steps = plain(selector).split('.')
  for (let length = steps.length; length > 0; length--) {
    const prefix = steps.slice(0, length).join('.')
    const found = Object.entries(fields).find(([name]) => plain(name) === prefix)?.[1]
    if (found !== undefined) return found
  }
  return undefined
}

function leadsTo(place: Belongings, meaning: Meaning, text: string): boolean {
  if (ofNames.has(meaning)) return isNamed(place, text, meaning.toLowerCase().includes('experiment') ? 'experiment' : 'other')
  const kind = pointed.get(meaning)
  if (kind !== undefined) return isId(place, kind, text)
  // A text that is neither a URI nor an absolute path is not a location.
  if (ofPlaces.has(meaning) && !/:|^\//.test(text)) return false
  // A file may be called anything: the store has no folders of models or of environments.
  if (meaning === 'storePath' || meaning === 'storeFolder') return holdsId(place, text) || numbersExperiment(place, text)
  return names(place, text) || (ofExperiments.has(meaning) && numbersExperiment(place, text))
}

/** Tags that contain references, in any list or map. */
const pointing = /"(?:key":")?mlflow\.(?:parentRunId|sourceRun|modelId)"(?:,"value")?:"((?:[^"\\]|\\.)*)"/gi

/** The first text of a request that refers to another owner's data, as a sentence; null if there is none. */
export function leadsElsewhere(
  endpoint: OpenEndpoint,
  asked: Pick<Asked, 'target' | 'body'>,
  others: readonly Belongings[],
): string | null {
  for (const { selector, text } of everythingSaid(endpoint, asked)) {
    const meaning = meaningAt(endpoint, selector)
    if (meaning === undefined || harmless.has(meaning)) continue
    const owner = others.find((place) => leadsTo(place, meaning, text))
    if (owner !== undefined) return `'${selector}' (${meaning}) leads to ${owner.environment.name}: ${text.slice(0, 200)}`
  }
  for (const [, text = ''] of asked.body.toString('utf8').matchAll(pointing)) {
    const owner = others.find((place) => isId(place, 'run', text) || isId(place, 'model', text))
    if (owner !== undefined) return `a tag leads to ${owner.environment.name}: ${text.slice(0, 200)}`
  }
  return null
}
