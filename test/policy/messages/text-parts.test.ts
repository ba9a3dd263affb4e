import t from 'tap'
import { Random } from '../../../fuzz/random.ts'
import { endpointTable } from '../../../src/policy/endpoints/endpoint-table.ts'
import type { JsonLimits } from '../../../src/policy/messages/json/json-limits.ts'
import { parseInTurns, printJson } from '../../../src/policy/messages/json/json-text.ts'
import type { TextParts } from '../../../src/policy/messages/json/text-window.ts'
import { Refusal } from '../../../src/policy/reasons.ts'
import { atOnce } from '../../../src/policy/turns.ts'
import { copiedInAnswer } from '../../../src/rewrite/answer/copied-answer.ts'
import { makeTenancy } from '../../fixtures/tenancy.ts'
import { drawMessage } from '../../harness/draw-answer.ts'

// The law of parts: a text in parts is read as it is read whole, wherever it is cut.

const tenancy = makeTenancy('mlflow')
/** Endpoints by a list of their answers: rows that are read, skimmed, and copied. */
const endpoints = { searchModelVersions: 'model_versions', searchRuns: 'runs', getMetricHistory: 'metrics' } as const

const half = /half of a surrogate pair/

function read(text: TextParts, limits: JsonLimits): string {
  try {
    return printJson(atOnce(parseInTurns(text, { ...limits, maxDepth: 500, maxKeys: 1_000_000, allowNaN: true })))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.message
  }
}

/** Some hundred thousand characters, with what is longer than a window in some of them. */
function drawText(name: keyof typeof endpoints, random: Random): string {
  const endpoint = endpointTable('mlflow').open.get(name)
  if (endpoint === undefined) throw new Error(`there is no ${name}`)
  const list = endpoints[name]
  const rows: string[] = []
  const spaces = random.pick([0, 2])
  for (let length = 0; length < 200_000; ) {
    const message = drawMessage(endpoint.response, tenancy, random)
    const drawn = message.get(list)
    if (!Array.isArray(drawn)) continue
    const printed = drawn.map((row) => JSON.stringify(JSON.parse(printJson(row)), null, spaces))
    rows.push(...printed)
    length += printed.join().length
  }
  const long = [
    JSON.stringify('é"✓🙂x'.repeat(random.below(60_000))),
    `[${' '.repeat(random.below(200_000))}]`,
    '1'.repeat(4_000),
  ]
  for (const value of long) if (random.once(2)) rows.splice(random.below(rows.length), 0, `{"long": ${value}}`)
  return `{${random.once(2) ? `"${'k'.repeat(random.below(200_000))}": 1, ` : ''}"${list}": [${rows.join(', ')}], "next_page_token": "x"}`
}

/** Cut at random, never within a character. */
function cut(text: string, longest: number, random: Random): string[] {
  const parts: string[] = []
  for (let at = 0; at < text.length; ) {
    const end = at + 1 + random.below(longest)
    const isWithin = /[\ud800-\udbff]/.test(text[end - 1] ?? '')
    parts.push(text.slice(at, isWithin ? end + 1 : end))
    at = isWithin ? end + 1 : end
  }
  return parts
}

for (const name of Object.keys(endpoints) as (keyof typeof endpoints)[]) {
  t.test(`a text in parts is read as it is read whole: ${name}`, async (t) => {
    const endpoint = endpointTable('mlflow').open.get(name)
    if (endpoint === undefined) throw new Error(`there is no ${name}`)
    const copied = copiedInAnswer(endpoint)
    const printed = new Map([[endpoints[name], <Item>(item: Item) => item]])
    const outcomes = { read: 0, refused: 0 }
    for (let seed = 1; seed <= 4; seed++) {
      const random = new Random(seed)
      const good = drawText(name, random)
      const at = random.below(good.length)
      for (const text of [good, `${good.slice(0, at)}${random.pick(['', '"', '\\', '}', '\u0001', ','])}${good.slice(at + 1)}`]) {
        for (const limits of [{}, { copied }, { copied, printed }]) {
          const whole = read(text, limits)
          outcomes[whole.startsWith('{') ? 'read' : 'refused']++
          // Of several faults, a text in parts may have another one first.
          const isSame = (other: string) => other === whole || (half.test(whole) && !other.startsWith('{'))
          for (const longest of [40, 70_000, 200_000, 400_000]) {
            const inParts = read(cut(text, longest, random), limits)
            if (!isSame(inParts)) t.fail(`seed ${seed}, parts of ${longest}: ${inParts.slice(0, 200)} / ${whole.slice(0, 200)}`)
          }
        }
      }
    }
    t.ok(outcomes.read > 11 && outcomes.refused > 1, JSON.stringify(outcomes))
  })
}

t.test('half of a surrogate pair is refused in every part', async (t) => {
  for (const at of [0, 1, 2]) {
    const parts = ['"', 'x'.repeat(400_000), '"']
    parts[at] += '\ud83d'
    t.match(read(parts, {}), half)
  }
})

t.end()
