import { getNamedType, isInputObjectType, isObjectType } from 'graphql'
import t from 'tap'
import { openEndpoints } from '../../../src/policy/endpoints/endpoint-table.ts'
import { readOperation } from '../../../src/policy/graphql/operation.ts'
import { messageOf, schema } from '../../../src/policy/graphql/schema.ts'
import { fieldOf, shapeOf } from '../../../src/policy/messages/message-shape.ts'
import { Refusal } from '../../../src/policy/reasons.ts'
import { toMessage } from '../../fakes/fake-fact-source.ts'

/** Types that MLflow's GraphQL has besides its messages, and fields that are no message's. */
const ofGraphql = new Set(['Query', 'Mutation', 'Test', 'TestMutation', 'ApiError', 'ErrorDetail'])
const joined = new Set(['apiError', 'MlflowRunExtension.experiment', 'MlflowRunExtension.modelVersions'])

const types = Object.values(schema.getTypeMap()).filter(
  (type) => (isObjectType(type) || isInputObjectType(type)) && !type.name.startsWith('__') && !ofGraphql.has(type.name),
)

t.test('every type and field of MLflow’s GraphQL is a message and a field of its REST API', async (t) => {
  t.ok(types.length > 35, `${types.length} types`)
  for (const type of types) {
    const message = messageOf(type)
    if (message === null || !(isObjectType(type) || isInputObjectType(type))) {
      t.fail(`${type.name} is no message`)
      continue
    }
    const strange = Object.values(type.getFields()).filter(({ name, type: valueType }) => {
      if (joined.has(name) || joined.has(`${type.name}.${name}`)) return false
      const { fields, spellings } = shapeOf(message)
      const field = fields.get(spellings.get(name) ?? '')
      const value = getNamedType(valueType)
      return field === undefined || (isObjectType(value) && messageOf(value) !== field.message)
    })
    t.same(
      strange.map(({ name }) => name),
      [],
      `${type.name} is ${message}`,
    )
  }
})

t.test('every root field is an endpoint of the table, and each argument a field that has a meaning there', async (t) => {
  const roots = [schema.getQueryType(), schema.getMutationType()].flatMap((type) => Object.values(type?.getFields() ?? {}))
  t.ok(roots.length >= 10, `${roots.length} root fields`)
  for (const { name, args } of roots.filter(({ name }) => !/^test/.test(name))) {
    const [input, ...others] = args
    const type = input === undefined ? undefined : getNamedType(input.type)
    t.equal(others.length, 0, name)
    if (!isInputObjectType(type)) {
      t.fail(`${name} takes no input`)
      continue
    }
    const message = messageOf(type) ?? ''
    const endpoint = [...openEndpoints.values()].find(({ request }) => request === message)
    if (endpoint === undefined) {
      t.equal(name, 'mlflowSearchDatasets', `${name} has no endpoint, and is refused`)
      continue
    }
    for (const argument of Object.keys(type.getFields())) {
      const field = shapeOf(message).spellings.get(argument) ?? ''
      t.ok(
        fieldOf(message, field) !== undefined && field in endpoint.fields,
        `${name}: ${argument} is ${endpoint.name}'s ${field}`,
      )
    }
  }
})

const nested = (depth: number) => `{mlflowGetRun{${'run{'.repeat(depth)}info${'}'.repeat(depth)}}}`
const many = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ')
const doubling = many(12, (i) => `fragment F${i} on Query{x${i}:__typename test{...F${i + 1}} test{...F${i + 1}}}`)

const faults: readonly (readonly [name: string, query: string, said: RegExp])[] = [
  ['11 root fields', `{${many(11, (i) => `a${i}:test{output}`)}}`, /at most 10 root fields, got 11/],
  [
    '11 root fields in fragments',
    `{...F ...G} fragment F on Query{${many(6, (i) => `a${i}:test{output}`)}} fragment G on Query{${many(5, (i) => `b${i}:test{output}`)}}`,
    /at most 10 root fields, got 11/,
  ],
  ['11 aliases', `{test{${many(11, (i) => `a${i}:output`)}}}`, /at most 10 aliases, got 11/],
  ['a depth of 11', nested(10), /maximum depth of 10/],
  ['1001 selections', `{test{${'output '.repeat(1_000)}}}`, /maximum total selections of 1000/],
  ['fragments that double', `{...F0} ${doubling} fragment F12 on Query{__typename}`, /maximum (depth|total selections)/],
  ['an unknown field', '{mlflowGetSecrets{x}}', /Cannot query field "mlflowGetSecrets"/],
  ['an unknown argument', '{mlflowGetRun(input:{experimentId:"1"}){run{info{runId}}}}', /experimentId/],
  ['an argument of another type', '{mlflowGetRun(input:{runId:1}){run{info{runId}}}}', /String cannot represent/],
  ['a variable that nobody declared', '{mlflowGetRun(input:{runId:$r}){run{info{runId}}}}', /"\$r" is not defined/],
  ['an unknown directive', '{__typename @export(as:"x")}', /Unknown directive/],
  ['a fragment that holds itself', '{...F} fragment F on Query{...F}', /itself/],
  ['introspection', '{__schema{types{name}}}', /introspection has been disabled/],
  ['introspection of a type', '{__type(name:"Query"){name}}', /introspection has been disabled/],
]

t.test('what MLflow’s server would not carry out comes back as its errors', async (t) => {
  for (const [name, query, said] of faults) {
    const operation = readOperation(toMessage({ query }))
    t.match('faults' in operation ? operation.faults.join(' ') : 'none', said, name)
  }
})

const refused: readonly (readonly [name: string, fields: Record<string, unknown>])[] = [
  ['nothing', {}],
  ['no document', { query: '' }],
  ['a comment', { query: '# x' }],
  ['half a document', { query: '{mlflowGetRun' }],
  ['two operations', { query: '{__typename} query B{__typename}', operation_name: 'B' }],
  ['a subscription', { query: 'subscription{a}' }],
  ['a fragment alone', { query: 'fragment F on Query{__typename}' }],
  ['a schema', { query: 'type Query{a:Int}' }],
  ['another operation’s name', { query: 'query A{__typename}', operation_name: 'B' }],
  ['the name of one that has none', { query: '{__typename}', operation_name: 'B' }],
  ['variables in a list', { query: '{__typename}', variables: ['x'] }],
  ['very deep braces', { query: '{a'.repeat(3_000) }],
  ['very deep brackets', { query: `{test(inputString:${'['.repeat(5_000)}` }],
  ['very many words', { query: `{${'a '.repeat(11_000)}}` }],
]

t.test('what is not exactly one operation is refused', async (t) => {
  for (const [name, fields] of refused) t.throws(() => readOperation(toMessage(fields)), Refusal, name)
})

t.test('one operation is read, with numbers as they are', async (t) => {
  const query =
    'query Q($n:LongString) @component(name:"x"){...F} fragment F on Query{mlflowSearchModelVersions(input:{maxResults:$n}){nextPageToken}}'
  const operation = readOperation(toMessage({ query, operation_name: 'Q', variables: { n: 3 } }))
  t.notOk('faults' in operation)
  t.same('variables' in operation && { ...operation.variables }, { n: 3 })
})
