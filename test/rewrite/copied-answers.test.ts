import t, { type Test } from 'tap'
import { Random } from '../../fuzz/random.ts'
import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import type { Grant } from '../../src/policy/grant.ts'
import { isSameJson, type Json, JsonNumber, PrintedJson } from '../../src/policy/messages/json/json.ts'
import type { JsonLimits } from '../../src/policy/messages/json/json-limits.ts'
import { parseJson, printJson } from '../../src/policy/messages/json/json-text.ts'
import { SkimmedObject } from '../../src/policy/messages/json/skimmed-object.ts'
import { Refusal } from '../../src/policy/reasons.ts'
import { copiedInAnswer } from '../../src/rewrite/answer/copied-answer.ts'
import { printedRows } from '../../src/rewrite/answer/printed-rows.ts'
import { rewriteAnswer } from '../../src/rewrite/answer/rewrite-answer.ts'
import { inAskedForm } from '../../src/rewrite/unity-catalog/models-answer.ts'
import { type AnswerForm, parseAnswer } from '../../src/server/upstream/parse-answer.ts'
import { makeTenancy, type Tenancy } from '../fixtures/tenancy.ts'
import { upstreams } from '../harness/answer-places.ts'
import { drawMessage, grantFor, numbers } from '../harness/draw-answer.ts'
import { oddJson } from '../harness/odd-json.ts'

// The law of answers: what is copied without being looked into says what it would have said, had it been read, rewritten and printed.

/** What a caller is shown, as text, or why they are not; `copied`: whether a list or a row in it is text that came. */
interface Outcome {
  readonly text: string | null
  readonly problem: string
  readonly copied: boolean
}

function show(grant: Grant, text: string, form: AnswerForm): Outcome {
  try {
    const answer = parseAnswer({ status: 200, contentType: 'application/json', text }, form)
    const shown = inAskedForm(grant.endpoint, grant, rewriteAnswer(grant, answer))
    return { text: printJson(shown), problem: '', copied: hasPrinted(answer) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { text: null, problem: `${error.reason}: ${error.message} ${error.cause}`, copied: false }
  }
}

function hasPrinted(value: Json): boolean {
  if (value instanceof PrintedJson || value instanceof SkimmedObject) return true
  return (Array.isArray(value) || value instanceof Map) && [...value.values()].some(hasPrinted)
}

/** Both read anew, for a copy may not be taken for anything else than what was checked. */
function isSame(one: Outcome, other: Outcome): boolean {
  if (one.text === null || other.text === null) return one.problem === other.problem && one.text === other.text
  const form = { allowNaN: true, maxDepth: 600 }
  return isSameJson(parseJson(one.text, form), parseJson(other.text, form))
}

/** How often a stranger stands in a text: in most texts seldom, so that much of it is read. */
const often = [1_000_000, 1_000_000, 300, 60, 10]

function tryEndpoint(t: Test, tenancy: Tenancy, endpoint: OpenEndpoint): { copied: number; refused: number } {
  const grant = grantFor(tenancy, endpoint)
  const [plain, copied, printed] = [{ allowNaN: endpoint.answersNaN === true }, copiedInAnswer(endpoint), printedRows(grant)]
  const counts = { copied: 0, refused: 0 }
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = new Random(seed)
    const oddness = { random, strangers: random.pick(often), spaces: random.pick([1_000_000, 2]) }
    const text = oddJson(drawMessage(endpoint.response, tenancy, random), oddness)
    const one = show(grant, text, { ...plain, copied })
    if (one.copied) counts.copied += 1
    if (one.text === null) counts.refused += 1
    const where = `${endpoint.name} ${seed}: ${text.slice(0, 2_000)}`
    if (!isSame(one, show(grant, text, plain))) t.fail(where)
    if (!isSame(show(grant, text, { ...plain, printed, copied }), show(grant, text, { ...plain, printed })))
      t.fail(`printed ${where}`)
  }
  return counts
}

for (const [kind, mode] of upstreams) {
  t.test(`what is copied of an answer is what is read: ${kind}, mode ${mode}`, async (t) => {
    const tenancy = makeTenancy(kind, mode)
    let endpoints = 0
    for (const endpoint of endpointTable(kind, mode).open.values()) {
      const { lists, inside } = copiedInAnswer(endpoint)
      // Of all others' answers nothing is copied.
      if (lists.size + inside.size === 0) continue
      const { copied, refused } = tryEndpoint(t, tenancy, endpoint)
      endpoints += 1
      t.ok(copied > 10 && refused > 5, `${endpoint.name}: ${copied} with copies, ${refused} refused`)
    }
    t.ok(endpoints > 5, `${endpoints} endpoints copy`)
  })
}

const words = ['metrics', 'params', 'runs', 'data', 'key', 'value', 'step', 'info', 'a']

/** Any JSON in which members have the names of lists that are copied, wherever they stand. */
function drawJson(random: Random, depth = 0): Json {
  const many = () => Array.from({ length: random.below(4) }, () => drawJson(random, depth + 1))
  switch (random.below(depth > 6 ? 3 : 7)) {
    case 0:
      return random.pick(['', 'text', 'é"\\\n', '😀'])
    case 1:
      return new JsonNumber(random.pick(numbers))
    case 2:
      return random.pick([null, true, false])
    case 3:
      return many()
    case 4:
      return Array.from(
        { length: 1 + random.below(3) },
        () =>
          new Map<string, Json>([
            ['key', 'k'],
            ['value', new JsonNumber('1')],
          ]),
      )
    default:
      return new Map(many().map((item) => [random.pick(words), item]))
  }
}

/** What a text says, read and printed and read anew, or why it is refused. */
function reading(text: string, limits: JsonLimits): { value: Json; copied: boolean } | string {
  try {
    const value = parseJson(text, limits)
    return { value: parseJson(printJson(value), { allowNaN: true }), copied: hasPrinted(value) }
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
}

t.test('and of any JSON', async (t) => {
  const { open } = endpointTable('mlflow')
  const forms = ['searchRuns', 'getMetricHistory'].flatMap((name) => open.get(name) ?? []).map(copiedInAnswer)
  const counts = { copied: 0, read: 0, refused: 0 }
  for (let seed = 1; seed <= 20_000; seed += 1) {
    const random = new Random(seed)
    const copied = random.pick(forms)
    const oddness = { random, strangers: random.pick(often), spaces: random.pick([1_000_000, 2]) }
    const lists = new Map(['runs', 'metrics'].map((name) => [name, drawJson(random)]))
    const text = oddJson(random.once(4) ? drawJson(random) : lists, oddness)
    for (const limits of [{}, { allowNaN: true }, { maxDepth: 3 }]) {
      const [one, other] = [reading(text, { ...limits, copied }), reading(text, limits)]
      if (typeof one === 'string') counts.refused += 1
      else counts[one.copied ? 'copied' : 'read'] += 1
      const isRefused = typeof one === 'string' || typeof other === 'string'
      if (!(isRefused ? one === other : isSameJson(one.value, other.value))) t.fail(`${seed}: ${text.slice(0, 2_000)}`)
    }
  }
  for (const [what, count] of Object.entries(counts)) t.ok(count > 1_000, `${count} ${what}`)
})
