import t from 'tap'
import type { ClosedEndpoint, OpenEndpoint } from '../../../src/policy/endpoints/endpoint.ts'
import { closedEndpoints, openEndpoints, unclassifiedRoutes } from '../../../src/policy/endpoints/endpoint-table.ts'
import { closedFamilies } from '../../../src/policy/endpoints/rows/closed.ts'
import { describedVersions } from '../../../src/policy/generated/messages.ts'
import { routes } from '../../../src/policy/generated/routes.ts'
import type { Meaning } from '../../../src/policy/meanings/meaning-table.ts'
import type { Field } from '../../../src/policy/messages/field.ts'
import { fieldOf, hasShape, shapeOf } from '../../../src/policy/messages/message-shape.ts'
import { planOf } from '../../../src/rewrite/answer/answer-plan.ts'
import { suggestsReference } from '../../harness/suggests-reference.ts'

const endpoints = [...openEndpoints.values()]

/** The fields of a message at any depth, as selectors such as `metrics[].model_id`. */
function selectorsOf(message: string, ends = (_selector: string) => false, above = ''): [selector: string, field: Field][] {
  if (above.split('.').length > 7) throw new Error(`${message} is too deep`)
  return [...shapeOf(message).fields].flatMap(([name, field]): [string, Field][] => {
    if (field.message === undefined || ends(`${above}${name}`)) return [[`${above}${name}`, field]]
    return selectorsOf(field.message, ends, `${above}${field.repeated ? `${name}[]` : name}.`)
  })
}

/** Whether a field has a meaning: its own, or that of the whole it is a part of. */
function hasMeaning({ fields }: OpenEndpoint, selector: string): boolean {
  const parts = selector.split('.')
  return parts.some((_, index) => {
    const prefix = parts.slice(0, index + 1).join('.')
    return prefix in fields || prefix.replace(/\[\]$/, '') in fields
  })
}

// Parts of a list whose other parts are references
const partsThatNameNothing: ReadonlySet<string> = new Set([
  ...['key', 'value', 'timestamp', 'step', 'dataset_name', 'dataset_digest'].map((name) => `metrics[].${name}`),
  'models[].step',
])

// Each looked at: a data set's name is what a client says of its own data; of a part's URL MLflow reads a block's number alone
const freeParts: ReadonlySet<string> = new Set([
  'datasets.dataset.name',
  'datasets.dataset.source',
  'datasets.dataset_name',
  'order_by.dataset_name',
  'order_by.field_name',
  'parts.url',
  // What a program calls its own parts
  'resource_spans[].scope_spans[].scope.name',
  'resource_spans[].scope_spans[].spans[].events.name',
  // Who or what made an assessment
  'assessment.source.source_id',
  'trace.trace_info.assessments[].source.source_id',
])

t.test('every field that a client can send has a meaning', async (t) => {
  for (const endpoint of endpoints) {
    const without = selectorsOf(endpoint.request, (selector) => hasMeaning(endpoint, selector)).filter(
      ([selector]) => !hasMeaning(endpoint, selector),
    )
    t.same(
      without.map(([selector]) => selector).filter((selector) => !partsThatNameNothing.has(selector)),
      [],
      endpoint.name,
    )
  }
})

t.test('no meaning is given to a field that no MLflow version has', async (t) => {
  for (const endpoint of endpoints) {
    const unknown = Object.keys(endpoint.fields).filter((selector) => {
      return fieldOf(endpoint.request, selector) === undefined && !endpoint.pathParams.includes(selector)
    })
    t.same(unknown, [], endpoint.name)
    for (const name of endpoint.pathParams) t.ok(name in endpoint.fields, `${endpoint.name}: {${name}} has a meaning`)
  }
})

t.test('a whole message is free only where nothing in it could be a reference', async (t) => {
  for (const endpoint of endpoints) {
    for (const [selector, meaning] of Object.entries(endpoint.fields)) {
      const message = fieldOf(endpoint.request, selector)?.message
      // What attributes hold is any JSON of the client's
      if (meaning !== 'free' || message === undefined || message.endsWith('.KeyValue')) continue
      const suspicious = selectorsOf(message, (inner) => /(^|\.)attributes$/.test(inner))
        .map(([name]) => name)
        .filter((name) => suggestsReference.test(name))
      t.same(
        suspicious.filter((name) => !freeParts.has(`${selector}.${name}`)),
        [],
        `${endpoint.name} ${selector}`,
      )
    }
  }
})

const typeOf: Partial<Record<Meaning, (field: Field) => boolean>> = {
  experimentsToSearch: ({ repeated, type }) => repeated === true && type === 'string',
  experiments: ({ repeated, type }) => repeated === true && type === 'string',
  labelSchemas: ({ repeated, type }) => repeated === true && type === 'string',
  scorersToRead: ({ repeated, type }) => repeated === true && type === 'string',
  runsToRead: ({ repeated, type }) => repeated === true && type === 'string',
  // On the wire ids are bytes
  newTrace: ({ type }) => type === 'string' || type === 'bytes',
  relatedTrace: ({ type }) => type === 'bytes',
  spanAttributes: ({ repeated, message }) => repeated === true && message === 'opentelemetry.proto.common.v1.KeyValue',
  resourceAttributes: ({ message }) => message === 'opentelemetry.proto.resource.v1.Resource',
  trace: ({ type }) => type === 'string',
  tracesToSearch: ({ repeated, type }) => repeated === true && type === 'string',
  locationsToSearch: ({ repeated, message }) => repeated === true && message === 'mlflow.TraceLocation',
  traceTags: ({ repeated, message, map, type }) =>
    map === true ? type === 'string' : repeated === true && /^mlflow\.Trace(Tag|RequestMetadata)$/.test(message ?? ''),
  notServed: () => true,
  stages: ({ repeated, type }) => repeated === true && type === 'string',
  orderBy: ({ repeated, type }) => repeated === true && type === 'string',
  archiveExisting: ({ type }) => type === 'bool',
  maxResults: ({ type }) => type === 'int32' || type === 'int64',
  experimentTags: ({ repeated, message }) => repeated === true && message === 'mlflow.ExperimentTag',
  runTags: ({ repeated, message }) => repeated === true && message === 'mlflow.RunTag',
  versionTags: ({ repeated, message }) => repeated === true && message === 'mlflow.ModelVersionTag',
  loggedModelTags: ({ repeated, message }) => repeated === true && message === 'mlflow.LoggedModelTag',
  secretValue: ({ type, map }) => type === 'string' && map === true,
  authConfig: ({ type, map }) => type === 'string' && map === true,
  free: () => true,
}

t.test('every field is of the type that its meaning is read as', async (t) => {
  const isText = ({ type, repeated }: Field) => type === 'string' && repeated !== true
  for (const endpoint of endpoints) {
    const wrong = Object.entries(endpoint.fields).filter(([selector, meaning]) => {
      const field = fieldOf(endpoint.request, selector)
      return field !== undefined && !(typeOf[meaning] ?? isText)(field)
    })
    t.same(wrong, [], endpoint.name)
  }
})

// What MLflow asks for itself, in its own words: nothing is judged by it alone
const saidBeside: ReadonlySet<Meaning> = new Set(['free', 'tagKey', 'experimentTagKey', 'runTag', 'traceTag', 'archiveExisting'])

t.test('what a row requires it has, and what MLflow requires the row requires', async (t) => {
  for (const endpoint of endpoints) {
    for (const spellings of endpoint.required) {
      for (const name of spellings.split('|')) {
        const isPart = (selector: string) => selector.replaceAll('[]', '').startsWith(`${name}.`)
        t.ok(name in endpoint.fields || Object.keys(endpoint.fields).some(isPart), `${endpoint.name}: ${name}`)
      }
    }
    const references = Object.entries(endpoint.fields).filter(
      ([selector, meaning]) => !selector.includes('.') && !saidBeside.has(meaning),
    )
    const asked = endpoint.required.flatMap((spellings) => spellings.split('|'))
    const left = references.filter(
      ([selector]) => fieldOf(endpoint.request, selector)?.required === true && !asked.includes(selector),
    )
    t.same(left, [], `${endpoint.name}: MLflow requires no other reference`)
  }
})

t.test('every row is a route that servers have, with messages that are described', async (t) => {
  for (const endpoint of endpoints) {
    t.ok(hasShape(endpoint.request) && hasShape(endpoint.response), `${endpoint.name}: ${endpoint.request}, ${endpoint.response}`)
    t.ok(
      endpoint.prefixes.includes(endpoint.upstreamPrefix) && endpoint.versions.length > 0,
      `${endpoint.name} is asked for where it is served`,
    )
    t.ok(
      endpoint.method === 'GET' ? ['read', 'search'].includes(endpoint.action) : true,
      `${endpoint.name}: a GET changes nothing`,
    )
    t.notOk(
      endpoint.repeatable && ['create', 'delete', 'transition'].includes(endpoint.action),
      `${endpoint.name}: what may be sent twice`,
    )
  }
  const addresses = endpoints.flatMap(({ method, path, prefixes }) => prefixes.map((prefix) => `${method} ${prefix}${path}`))
  t.equal(new Set(addresses).size, addresses.length, 'no two rows have one address')
})

t.test('searches know their rows, and every answer with rows of others is a search or one thing’s parts', async (t) => {
  for (const endpoint of endpoints) {
    t.equal(endpoint.search !== undefined, endpoint.action === 'search', endpoint.name)
    if (endpoint.search === undefined) continue
    const { rows, pageSize, maxPageSize, nameColumn } = endpoint.search
    const field = fieldOf(endpoint.response, rows)
    t.ok(
      field?.repeated === true && field.message !== undefined && planOf(field.message).isOwned,
      `${endpoint.name}: ${rows} are judged one by one`,
    )
    t.ok(fieldOf(endpoint.response, 'next_page_token') !== undefined && pageSize <= maxPageSize, `${endpoint.name} has pages`)
    const isBounding = (meaning: Meaning) => /^(experiments|locations)ToSearch$/.test(meaning)
    const bounded = Object.values(endpoint.fields).some(isBounding) || endpoint.anyExperiment === true
    t.equal(nameColumn === null, bounded, `${endpoint.name}: bounded by a name or by ids`)
  }
})

t.test('every route of every described server is classified', async (t) => {
  t.same(
    unclassifiedRoutes.map(({ method, path }) => `${method} ${path}`),
    [],
  )
  const addressesOf = (known: readonly (OpenEndpoint | ClosedEndpoint)[]) =>
    known.flatMap(({ method, path, prefixes }) => prefixes.map((prefix) => `${method} ${prefix}${path}`))
  const open = new Set(addressesOf(endpoints))
  t.same(
    addressesOf(closedEndpoints).filter((address) => open.has(address)),
    [],
    'none is both open and closed',
  )
  const classified = new Set([...open, ...addressesOf(closedEndpoints)])
  const registered = routes.flatMap(({ method, path, prefixes }) =>
    Object.keys(prefixes).map((prefix) => `${method} ${prefix}${path}`),
  )
  t.same(
    registered.filter((address) => !classified.has(address)),
    [],
  )
  for (const family of closedFamilies) {
    t.ok(
      routes.some(({ path }) => family.paths.test(path)),
      `${family.paths} closes something`,
    )
    t.match(family.closed, /^[A-Z].*\.$/, 'in a sentence')
  }
  const versions = [...endpoints, ...closedEndpoints].flatMap((endpoint) => endpoint.versions)
  t.same([...new Set(versions)].sort(), [...describedVersions].sort(), 'the versions are those that were described')
})
