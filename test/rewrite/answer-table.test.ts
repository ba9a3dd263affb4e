import t from 'tap'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { fieldOf, shapeOf } from '../../src/policy/messages/message-shape.ts'
import { planOf } from '../../src/rewrite/answer/answer-plan.ts'
import type { Declaration } from '../../src/rewrite/answer/declaration.ts'
import { declarations } from '../../src/rewrite/answer/messages/declarations.ts'
import { inAskedForm } from '../../src/rewrite/unity-catalog/models-answer.ts'
import { rowOf } from '../attacks/answer-rows.ts'
import { grantOf, judge, toMessage } from '../fakes/fake-fact-source.ts'
import { goodMessage } from '../fixtures/full-message.ts'
import { makeTenancy } from '../fixtures/tenancy.ts'
import { answeredEndpoints, placesIn, placeText, upstreams } from '../harness/answer-places.ts'
import { suggestsReference } from '../harness/suggests-reference.ts'

const endpoints = upstreams.flatMap(([kind, mode]) => answeredEndpoints(kind, mode))

/** Every message of every answer, and one place where it stands. */
const found = new Map(
  endpoints.flatMap(({ method, path, response }) =>
    placesIn(response).map((place) => [place.message, `${placeText(place)} of ${method} ${path}`] as const),
  ),
)

/** The fields of a message that may hold a reference. */
function suspicious(message: string): string[] {
  const fields = [...shapeOf(message).fields]
  return fields.flatMap(([name, { message: held }]) =>
    (held === undefined && suggestsReference.test(name)) || name === 'tags' ? [name] : [],
  )
}

t.test('every message of an answer that may name something is declared, field by field', async (t) => {
  for (const [message, place] of found) {
    const missing = suspicious(message).filter((field) => declarations[message]?.fields[field] === undefined)
    const what = missing.map((field) => `${message}.${field}`).join(', ')
    t.same(missing, [], `declare ${what || message} in src/rewrite/answer/messages/ (${place})`)
  }
})

const declared = Object.entries(declarations)

// Names that come from elsewhere than the registry: a provider's, and one that the proxy has put into the caller's words itself
const namesFromElsewhere: ReadonlySet<string> = new Set([
  'mlflow.GatewayModelDefinition.model_name',
  'databricks.Route.served_model_name',
])

t.test("a model's name is never shown as the upstream wrote it", async (t) => {
  for (const [message, { fields }] of declared) {
    for (const [field, meaning] of Object.entries(fields)) {
      if (typeof meaning === 'string' || !/(^|_)model_name$/.test(field)) continue
      t.ok(namesFromElsewhere.has(`${message}.${field}`), `${message}.${field} has the meaning modelName`)
    }
  }
})

t.test('declarations are of messages and fields that there are', async (t) => {
  for (const [message, { fields, owner, inside }] of declared) {
    t.ok(found.has(message), `${message} is in an answer`)
    for (const [field, meaning] of Object.entries(fields)) {
      t.ok(shapeOf(message).fields.has(field), `${message}.${field}`)
      if (typeof meaning !== 'string') t.ok(meaning.passes.length > 10, `${message}.${field} passes for a reason`)
      const held = shapeOf(message).fields.get(field)?.message
      if (meaning === 'ownPart') t.ok(held !== undefined && planOf(held).isOwned, `${message}.${field} has an owner`)
    }
    for (const selector of ownerSelectors(owner))
      t.ok(fieldOf(message, selector) !== undefined, `${message} is told by ${selector}`)
    if (inside !== undefined) t.ok(shapeOf(message).fields.has('name'), message)
  }
})

/** The fields that tell whose a message is. */
function ownerSelectors(owner: Declaration['owner']): string[] {
  if (owner.by === 'experimentId') return [owner.path.join('.')]
  if (owner.by === 'datasetId') return [owner.field, owner.experiments]
  return 'field' in owner ? [owner.field] : []
}

t.test('a version says in which stage it is, or why that does not matter', async (t) => {
  const namesModel = ({ fields }: Declaration) =>
    Object.values(fields).some((meaning) => meaning === 'modelName' || meaning === 'servedModelName')
  let versions = 0
  for (const message of found.keys()) {
    const declaration = declarations[message]
    const fields = [...shapeOf(message).fields.keys()]
    const stage = declaration?.stage
    const showsVersion = fields.some((field) => /(^|_)version$/.test(field) && declaration?.fields[field] !== 'withheld')
    const isVersion = declaration !== undefined && namesModel(declaration) && showsVersion
    const tells = fields.includes('current_stage')
    t.equal(stage !== undefined, isVersion || tells, `declare the stage of ${message}`)
    if (stage === undefined) continue
    versions += 1
    if ('untold' in stage) t.ok(!tells && stage.untold.length > 10, `${message} does not tell its stage`)
    else t.ok(fields.includes(stage.stage) || fields.includes(stage.aliases), `${message} tells its stage`)
  }
  t.ok(versions > 5)
})

t.test('an experiment’s id is judged by nothing else only where its name was, or the request', async (t) => {
  const responses = new Set(endpoints.map(({ response }) => response))
  for (const [message, { fields, owner }] of declared) {
    if (!Object.values(fields).includes('judgedExperimentId')) continue
    t.ok(owner.by === 'experimentName' || (owner.by === 'part' && responses.has(message)), message)
  }
})

t.test('every search gives rows that have an owner, and every list of owned rows is judged row by row', async (t) => {
  for (const { name, search, response } of endpoints) {
    if (search === undefined) continue
    const row = fieldOf(response, search.rows)?.message
    t.ok(row !== undefined && planOf(row).isOwned, `${name}: ${search.rows}`)
  }
})

t.test('what is answered in another API’s words has a form there', async (t) => {
  const tenancy = makeTenancy('unityCatalog')
  const [caller] = tenancy.places
  const version = rowOf('mlflow.ucmodelregistry.ModelVersion', caller)
  const answer = toMessage({ registered_model: version, model_version: version, credentials: { expiration_time: 1 } })
  for (const endpoint of endpointTable('unityCatalog').open.values()) {
    if (endpoint.asks === undefined) continue
    const request = { endpointName: endpoint.name, endpoint, message: goodMessage(endpoint, caller) }
    const grant = grantOf(judge(tenancy.config, caller.environment, request, tenancy.facts))
    const hasFields = shapeOf(endpoint.response).fields.size > 0
    t.equal(inAskedForm(endpoint, grant, answer).size > 0, hasFields, `${endpoint.name}: ${endpoint.response}`)
  }
})
