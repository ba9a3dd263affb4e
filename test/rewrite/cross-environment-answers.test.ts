import t, { type Test } from 'tap'
import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { type Grant, withAdmitted } from '../../src/policy/grant.ts'
import type { Json, JsonObject } from '../../src/policy/messages/json/json.ts'
import { printJson } from '../../src/policy/messages/json/json-text.ts'
import { shapeOf } from '../../src/policy/messages/message-shape.ts'
import { Refusal } from '../../src/policy/reasons.ts'
import { admitRows } from '../../src/rewrite/answer/admit-rows.ts'
import { planOf } from '../../src/rewrite/answer/answer-plan.ts'
import { declarations } from '../../src/rewrite/answer/messages/declarations.ts'
import { rewriteAnswer } from '../../src/rewrite/answer/rewrite-answer.ts'
import { fieldValue, rowOf, secretText } from '../attacks/answer-rows.ts'
import { answerOf, grantOf, judge, toJson } from '../fakes/fake-fact-source.ts'
import { goodMessage } from '../fixtures/full-message.ts'
import { type Belongings, makeTenancy, type Tenancy } from '../fixtures/tenancy.ts'
import { type AnswerPlace, answeredEndpoints, placesIn, placeText, upstreams } from '../harness/answer-places.ts'

// Every place of every answer, with another environment's row, with a version in production, and with another's name in each field.

/** What a row of the caller's own says. */
const ownText = 'of our own'

/** What of an environment's may be read in an answer. */
function wordsOf({ environment, stored, experiment }: Belongings): string[] {
  const { name, experimentRoot, modelSuffix } = environment
  const names = [stored('fraud'), `${experimentRoot}/`, `scorer${modelSuffix}`, `chat_${name}`, `gpt_${name}`, `key_${name}`]
  return [...names, `"${experiment}"`, `:${experiment},`, `:${experiment}}`, secretText]
}

/** Finds out whose rows are, as the pipeline does, where the request leaves that open. */
function admit({ endpoint, context }: Grant, answer: JsonObject, { facts }: Tenancy): ReadonlySet<string> {
  let { admitted } = context
  if (endpoint.anyExperiment !== true) return admitted
  for (const [name, { message = '' }] of shapeOf(endpoint.response).fields) {
    const value = answer.get(name) ?? []
    const evaluation = admitRows(withAdmitted(context, admitted), message, Array.isArray(value) ? value : [value])
    let step = evaluation.next()
    while (!step.done) step = evaluation.next(answerOf(facts, step.value))
    admitted = step.value
  }
  return admitted
}

/** An answer of the caller's own that has these rows at one place. */
function answerWith({ steps }: AnswerPlace, rows: readonly JsonObject[], caller: Belongings): JsonObject {
  let inner = rows
  for (const { message, field, holds } of [...steps].reverse()) {
    const value = {
      one: () => inner[0] ?? null,
      list: () => [...inner],
      map: () => new Map(inner.map((row, index): [string, Json] => [`key ${index}`, row])),
    }
    inner = [rowOf(message, caller).set(field, value[holds]())]
  }
  return inner[0] ?? new Map()
}

/** A row that must not come through whole. */
interface Trespass {
  readonly what: string
  readonly row: JsonObject
  /** Why it is refused, where it cannot be left out. */
  readonly reason: string
  /** Whether all of it is left out, rather than a part. */
  readonly whole: boolean
}

/** A version that only a production environment may see, by how its registry says so. */
function productionRow(message: string, caller: Belongings, kind: Tenancy['kind']): JsonObject[] {
  const stage = declarations[message]?.stage
  if (stage === undefined || 'untold' in stage) return []
  const row = rowOf(message, caller, secretText)
  if (kind !== 'unityCatalog') return [row.set(stage.stage, 'Production')]
  const pointed = shapeOf(message).fields.get(stage.aliases)?.type === 'message'
  const alias = 'Production'
  return [row.set(stage.aliases, pointed ? [toJson({ alias, version: '1' })] : [alias])]
}

function trespasses({ message }: AnswerPlace, { kind, places }: Tenancy): Trespass[] {
  const [caller, , other] = places
  const { isOwned } = planOf(message)
  const ofOthers = isOwned ? [{ what: 'row', row: rowOf(message, other, secretText), reason: 'unknown-answer', whole: true }] : []
  const inProduction = productionRow(message, caller, kind).map((row) => {
    return { what: 'version in production', row, reason: 'production-version', whole: true }
  })
  const inFields = [...shapeOf(message).fields.keys()].flatMap((field) => {
    const value = fieldValue(message, field, other)
    const row = rowOf(message, caller)
    return value === null ? [] : [{ what: field, row: row.set(field, value), reason: 'unknown-answer', whole: false }]
  })
  return [...ofOthers, ...inProduction, ...inFields]
}

/** What the caller gets for an answer, as text, or the reason why they get nothing. */
function shown(tenancy: Tenancy, endpoint: OpenEndpoint, answer: JsonObject): { text: string; reason: string | null } {
  const [{ environment }] = tenancy.places
  const message = goodMessage(endpoint, tenancy.places[0])
  const request = { endpointName: endpoint.name, endpoint, message, mode: tenancy.mode, administrator: true }
  const grant = grantOf(judge(tenancy.config, environment, request, tenancy.facts))
  try {
    return { text: printJson(rewriteAnswer(grant, answer, admit(grant, answer, tenancy))), reason: null }
  } catch (error) {
    if (error instanceof Refusal) return { text: '', reason: error.reason }
    throw error
  }
}

function tryPlace(t: Test, tenancy: Tenancy, endpoint: OpenEndpoint, place: AnswerPlace): void {
  const [caller, , other] = tenancy.places
  const tell = (rows: readonly JsonObject[]) => shown(tenancy, endpoint, answerWith(place, rows, caller))
  // Of an account with a provider no field is the caller's that says just anything.
  const own = rowOf(place.message, caller, declarations[place.message]?.owner.by === 'account' ? null : ownText)
  const where = `${endpoint.name}: ${placeText(place)}`
  const ownAnswer = tell([own])
  t.ok(!printJson(own).includes(ownText) || ownAnswer.text.includes(ownText), `${where} is shown where it is the caller's`)
  t.equal(ownAnswer.reason, null, where)
  const isList = place.steps.at(-1)?.holds !== 'one' && place.steps.length > 0
  const inList = place.steps.some(({ holds }) => holds !== 'one')
  for (const { what, row, reason, whole } of trespasses(place, tenancy)) {
    const alone = tell([row])
    const said = wordsOf(other).filter((word) => alone.text.includes(word))
    t.same(said, [], `${where}: nothing of another's ${what} (${place.message})`)
    if (inList) t.equal(alone.reason, null, `${where}: another's ${what} is no error in a list (${place.message})`)
    else if (alone.reason !== null) t.equal(alone.reason, reason, `${where}: another's ${what}`)
    if (isList && whole) t.same(tell([own, row, own]), tell([own, own]), `${where}: another's ${what} is left out`)
  }
}

for (const [kind, mode] of upstreams) {
  t.test(`nothing of another's comes through any place of an answer: ${kind}, mode ${mode}`, async (t) => {
    const tenancy = makeTenancy(kind, mode)
    let places = 0
    for (const endpoint of answeredEndpoints(kind, mode)) {
      for (const place of placesIn(endpoint.response)) {
        const { isOwned, isRenamed } = planOf(place.message)
        if (!isOwned && !isRenamed) continue
        places += 1
        tryPlace(t, tenancy, endpoint, place)
      }
    }
    t.ok(places > 100, `${places} places`)
  })
}
