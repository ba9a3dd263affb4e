import t from 'tap'
import { endpointTable } from '../../../src/policy/endpoints/endpoint-table.ts'
import { isSameJson, type Json } from '../../../src/policy/messages/json/json.ts'
import { parseJson } from '../../../src/policy/messages/json/json-text.ts'
import { RowFinder } from '../../../src/policy/messages/json/row-finder.ts'
import { SkimmedObject } from '../../../src/policy/messages/json/skimmed-object.ts'
import { longestRow } from '../../../src/policy/messages/json/text-window.ts'
import { copiedInAnswer } from '../../../src/rewrite/answer/copied-answer.ts'

// Whoever logs a run decides how long its row is: a pattern must neither go through all of it in one turn, nor remember all of it.

const searchRuns = endpointTable('mlflow').open.get('searchRuns')
if (searchRuns === undefined) throw new Error('the table has no searchRuns')
const copied = copiedInAnswer(searchRuns)

const many = (count: number, item: string) => Array(count).fill(item).join()
const rowOf = (inputs: string, end = '') =>
  `{"info":{"run_uuid":"a","experiment_id":"1","artifact_uri":"s3://b/a"},"data":{"tags":[]},"inputs":{"dataset_inputs":[${inputs}]}${end}}`
const input = (tags: string, profile = '') => `{"tags":[${tags}],"dataset":{"name":"a","profile":"${profile}"}}`

function rowsOf(text: string, limits = {}): readonly Json[] {
  const answer = parseJson(text, { maxKeys: Number.POSITIVE_INFINITY, ...limits })
  const rows = answer instanceof Map ? answer.get('runs') : undefined
  return Array.isArray(rows) ? rows : []
}

t.test('rows of many megabytes are read, and not skimmed', async (t) => {
  const escaped = `{"key":"k","value":"${'\\n'.repeat(250)}"}`
  for (const [name, row] of Object.entries({
    'many tags with many escapes': rowOf(many(190, input(many(199, escaped)))),
    'and an unknown member': rowOf(many(190, input(many(199, escaped))), ',"x":1'),
    'large profiles': rowOf(many(2, input('', 'x'.repeat(4_000_000)))),
  })) {
    const text = `{"runs":[${rowOf(input(''))},${row},${rowOf(input(''))}]}`
    const rows = rowsOf(text, { copied })
    t.same(
      rows.map((each) => each instanceof SkimmedObject),
      [true, false, true],
      name,
    )
    t.ok(isSameJson([...rows], [...rowsOf(text)]), name)
  }
})

t.test('a pattern sees no more than two rows could take', async (t) => {
  const pattern = /x*(?:y|z)?/y
  const [finder, text] = [new RowFinder(), `${'x'.repeat(5 * longestRow)}y`]
  for (const at of [0, 1, longestRow, 3 * longestRow + 7]) {
    t.equal(finder.endOf(pattern, text, at), undefined)
    t.ok(pattern.lastIndex > longestRow && pattern.lastIndex <= 2 * longestRow)
    t.equal(finder.find(pattern, text, at, Number.POSITIVE_INFINITY), null)
  }
})

t.test('rows are found wherever they stand, up to the longest', async (t) => {
  const pattern = /x*y/y
  const lengths = [1, 2, 60_000, longestRow, 3, longestRow, longestRow - 1, 70, longestRow + 1, 5]
  const [finder, text] = [new RowFinder(), lengths.map((length) => `${'x'.repeat(length - 1)}y`).join('')]
  let at = 0
  for (const length of lengths) {
    const fits = length <= longestRow
    t.equal(finder.endOf(pattern, text, at), fits ? at + length : undefined, `${length} at ${at}`)
    t.equal(finder.find(pattern, text, at, longestRow)?.[0].length, fits ? length : undefined)
    t.equal(finder.find(pattern, text, at, length - 1), null)
    at += length
  }
  t.equal(finder.endOf(pattern, text, 1), 3, 'and backwards')
  t.equal(finder.endOf(pattern, 'xxxxy', 0), 5, 'and in another text')
})
