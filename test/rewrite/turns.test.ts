import t from 'tap'
import { Random } from '../../fuzz/random.ts'
import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { type Json, JsonNumber, type JsonObject } from '../../src/policy/messages/json/json.ts'
import { parseInTurns, printInTurns, printJson } from '../../src/policy/messages/json/json-text.ts'
import { TurnRoom } from '../../src/policy/messages/json/turn-room.ts'
import { Refusal } from '../../src/policy/reasons.ts'
import { atOnce, type Turns } from '../../src/policy/turns.ts'
import { planOf } from '../../src/rewrite/answer/answer-plan.ts'
import { copiedInAnswer } from '../../src/rewrite/answer/copied-answer.ts'
import { rewriteAnswer, rewriteInTurns } from '../../src/rewrite/answer/rewrite-answer.ts'
import { encodeInTurns } from '../../src/server/pipeline/forms/encoded-text.ts'
import { rowOf } from '../attacks/answer-rows.ts'
import { makeTenancy } from '../fixtures/tenancy.ts'
import { answeredEndpoints, placesIn, upstreams } from '../harness/answer-places.ts'
import { drawMessage, grantFor } from '../harness/draw-answer.ts'

function said(show: () => JsonObject): string {
  try {
    return printJson(show())
  } catch (error) {
    if (error instanceof Refusal) return `${error.reason}: ${error.message}`
    throw error
  }
}

for (const [kind, mode] of upstreams) {
  t.test(`an answer that is rewritten and printed in turns is the same: ${kind}, mode ${mode}`, async (t) => {
    const tenancy = makeTenancy(kind, mode)
    let shown = 0
    for (const endpoint of answeredEndpoints(kind, mode)) {
      const isRewritten = placesIn(endpoint.response).some(({ message }) => planOf(message).isOwned || planOf(message).isRenamed)
      if (!isRewritten) continue
      const grant = grantFor(tenancy, endpoint)
      for (let seed = 1; seed <= 12; seed += 1) {
        const random = new Random(seed)
        const answer = drawMessage(endpoint.response, tenancy, random)
        // With no room, everything is taken apart.
        const room = () => new TurnRoom(random.pick([1, 2, 5, 20, 100]))
        const whole = said(() => rewriteAnswer(grant, answer))
        const inTurns = said(() => atOnce(rewriteInTurns(grant, answer, grant.context.admitted, room())))
        if (whole !== inTurns) t.equal(inTurns, whole, `${endpoint.name} ${seed}`)
        const printed = atOnce(printInTurns(answer, room())).join('')
        if (printed !== printJson(answer)) t.equal(printed, printJson(answer), `${endpoint.name} ${seed}, printed`)
        if (whole.startsWith('{')) shown += 1
      }
    }
    t.ok(shown > 300, `${shown} answers are shown`)
  })
}

function countTurns<T>(work: Turns<T>): { turns: number; result: T } {
  let turns = 1
  let step = work.next()
  for (; !step.done; step = work.next()) turns += 1
  return { turns, result: step.value }
}

const tenancy = makeTenancy('mlflow')
const [caller] = tenancy.places

function endpointOf(name: string): OpenEndpoint {
  const endpoint = endpointTable('mlflow').open.get(name)
  if (endpoint === undefined) throw new Error(`the table has no ${name}`)
  return endpoint
}

const many = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index))
const entry = (name: string, value: Json): JsonObject => new Map([[name, value]])

const metric = (index: number): JsonObject =>
  new Map<string, Json>([
    ['key', `loss ${index}`],
    ['value', new JsonNumber('0.5')],
    ['timestamp', new JsonNumber('1764489474000')],
    ['step', new JsonNumber(String(index))],
  ])
const span = (index: number): JsonObject =>
  new Map<string, Json>([
    ['name', `span ${index}`],
    [
      'attributes',
      many(
        5,
        (at) =>
          new Map<string, Json>([
            ['key', `k${at}`],
            ['value', entry('string_value', 'v')],
          ]),
      ),
    ],
  ])
const run = (place: typeof caller, more: JsonObject = new Map()): JsonObject =>
  new Map<string, Json>([
    ['info', rowOf('mlflow.RunInfo', place, 'text')],
    ['data', more],
  ])
/** A run as MLflow writes it. */
const skimmed = (index: number): JsonObject =>
  new Map<string, Json>([
    ['info', new Map([...entry('experiment_id', caller.experiment), ...entry('artifact_uri', 's3://b/a')])],
    [
      'data',
      new Map([
        ...entry('metrics', many(5, metric)),
        ...entry('tags', [new Map(Object.entries({ key: `k${index}`, value: 'v' }))]),
      ]),
    ],
  ])
const trace = rowOf('mlflow.TraceInfoV3', caller)
const other = tenancy.places[2]

/** Large answers of every form, some megabytes each. */
const large: readonly (readonly [name: string, endpoint: string, answer: JsonObject])[] = [
  [
    'many rows',
    'searchRuns',
    entry(
      'runs',
      many(5_000, () => run(caller)),
    ),
  ],
  [
    'many rows of others',
    'searchRuns',
    entry(
      'runs',
      many(5_000, () => run(other)),
    ),
  ],
  [
    'one row with many tags',
    'searchRuns',
    entry('runs', [
      run(
        caller,
        entry(
          'tags',
          many(40_000, (at) => entry('key', `t${at}`)),
        ),
      ),
    ]),
  ],
  ['rows that are skimmed', 'searchRuns', entry('runs', many(5_000, skimmed))],
  ['a list that is copied', 'getMetricHistory', entry('metrics', many(30_000, metric))],
  [
    'one trace with many spans',
    'getTrace',
    entry(
      'trace',
      new Map<string, Json>([
        ['trace_info', trace],
        ['spans', many(5_000, span)],
      ]),
    ),
  ],
]

for (const [name, endpointName, answer] of large) {
  t.test(`others get their turn: ${name}`, async (t) => {
    const endpoint = endpointOf(endpointName)
    const grant = grantFor(tenancy, endpoint)
    const text = printJson(answer)
    t.ok(text.length > 500_000, `${text.length} characters`)
    const limits = { maxKeys: 1_000_000 }
    const read = countTurns(parseInTurns(text, limits))
    t.ok(read.turns >= text.length / 20_000, `${read.turns} turns to read it`)
    const copied = countTurns(parseInTurns(text, { ...limits, copied: copiedInAnswer(endpoint) }))
    t.ok(copied.turns >= text.length / 80_000, `${copied.turns} turns to read it with copies`)
    const rewritten = countTurns(rewriteInTurns(grant, answer))
    t.ok(rewritten.turns >= text.length / 200_000, `${rewritten.turns} turns to rewrite it`)
    const printed = countTurns(printInTurns(answer))
    t.ok(printed.turns >= text.length / 200_000, `${printed.turns} turns to print it`)
    const encoded = countTurns(encodeInTurns(printed.result))
    t.ok(encoded.turns >= text.length / 140_000, `${encoded.turns} turns to encode it`)
    t.equal(encoded.result.equals(Buffer.from(text)), true, 'as it was')
    t.equal(
      printed.result.join('') === text && printJson(rewritten.result) === printJson(rewriteAnswer(grant, answer)),
      true,
      'the same',
    )
  })
}

t.test('they get it in what is nested deep, too', async (t) => {
  const text = `${'['.repeat(400)}${many(100_000, String).join()}${']'.repeat(400)}`
  const { turns, result } = countTurns(parseInTurns(text, { maxDepth: 500, maxKeys: 1_000_000 }))
  t.ok(turns > 25, `${turns} turns to read it`)
  const printed = countTurns(printInTurns(result))
  t.ok(printed.turns > 20, `${printed.turns} turns to print it`)
  t.equal(printed.result.join(''), text)
})
