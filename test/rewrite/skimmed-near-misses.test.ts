import t from 'tap'
import { skimPattern } from '../../src/rewrite/answer/skimmed-rows.ts'

/** Rows of this many characters and more are not skimmed (`json-reader.ts`). */
const longest = 64 * 1024
/** Milliseconds: a reading that is linear takes some tenths of one, a quadratic one takes seconds. */
const most = 100

const info = (more = '') =>
  `"info": {"run_uuid": "a", "experiment_id": "1", "run_name": "n", "artifact_uri": "mlflow-artifacts:/1/a", "lifecycle_stage": "active", "run_id": "a"${more}}`
const tag = (value: string) => `{"key": "k", "value": "${value}"}`
const fill = (piece: string, room = longest - 400) => piece.repeat(Math.floor(room / piece.length))
const tags = (rows: string) => `"data": {"tags": [${rows}]}`

/** What fits nearly to its end, by what there is much of in it. */
const nearMisses: Readonly<Record<string, string>> = {
  letters: `{${info()}, ${tags(tag(fill('x')))}, "unknown": 1}`,
  'letters without an end': `{${info()}, ${tags(`{"key": "${fill('x')}`)}`,
  escapes: `{${info()}, ${tags(tag(fill('\\n')))}}`,
  'escapes that are no escapes': `{${info()}, ${tags(tag(`${fill('\\n', 1_900)}${fill('x', 60_000)}\\q`))}}`,
  'characters beyond ASCII': `{${info()}, ${tags(tag(`${fill('\\u00e9', 5_900)}\\ud800`))}}`,
  spaces: `{${info()}${fill(' ')},${tags(tag('x'))}, "unknown": 1}`,
  'spaces everywhere': `{${info()}, ${tags(Array.from({ length: 60 }, () => `${fill(' ', 500)}${tag('x')}${fill('\n', 500)}`).join(','))}!`,
  'spaces before nothing': `{${fill(' ')}`,
  'rows of a list': `{${info()}, ${tags(Array.from({ length: 190 }, () => tag('x')).join(','))}, "unknown": 1}`,
  'too many rows of a list': `{${info()}, ${tags(Array.from({ length: 400 }, () => tag('x')).join(','))}}`,
  'a list without an end': `{${info()}, "data": {"metrics": [${fill('{"key": "k", "value": 1.5, "timestamp": 1, "step": 1},', 9_000)}`,
  digits: `{${info()}, "data": {"metrics": [{"key": "k", "value": ${fill('1')}}]}}`,
  'an unknown field in the first object': `{${info(', "unknown": 1')}, ${tags(tag(fill('x')))}}`,
  'members in another order': `{${tags(tag(fill('x')))}, ${info()}}`,
}

t.test('a row that nearly fits takes no longer to be turned away', async (t) => {
  const pattern = skimPattern('mlflow.Run')?.pattern
  t.ok(pattern)
  const match = (text: string) => {
    if (pattern === undefined) return null
    pattern.lastIndex = 0
    return pattern.exec(text)
  }
  t.ok(match(`{${info()}, ${tags(tag(fill('x')))}}`), 'control: such a row is skimmed')
  for (const [name, text] of Object.entries(nearMisses)) {
    t.ok(text.length <= longest, name)
    t.equal(match(text), null, name)
    const began = performance.now()
    match(text)
    const took = performance.now() - began
    t.ok(took < most, `${name}: ${took.toFixed(1)} ms`)
  }
})
