// Puts the history of a metric into the caller's words, in a process whose memory is limited from outside.
import { printJson } from '../../src/policy/messages/json/json-text.ts'
import { printedRows } from '../../src/rewrite/answer/printed-rows.ts'
import { rewriteAnswer } from '../../src/rewrite/answer/rewrite-answer.ts'
import { parseAnswer } from '../../src/server/upstream/parse-answer.ts'
import { grantOf, judge, requestTo } from '../fakes/fake-fact-source.ts'
import { acc, config, inAcc, tenancy } from '../fixtures/tenancy.ts'
import { forgetPeak, memory } from './process-memory.ts'

const [, , points, rows = 'printed'] = process.argv
const grant = grantOf(judge(config, acc, requestTo('getMetricHistory', { run_id: inAcc.run(1), metric_key: 'loss' }), tenancy))

function historyOf(count: number): string {
  const parts = [Buffer.from('{"metrics":[')]
  for (let at = 0; at < count; at += 1)
    parts.push(
      Buffer.from(`${at === 0 ? '' : ','}{"key":"loss","value":${Math.sin(at)},"timestamp":${1795475888451 + at},"step":${at}}`),
    )
  return Buffer.concat([...parts, Buffer.from(']}')]).toString()
}

const text = historyOf(Number(points))
forgetPeak()
const before = memory('VmRSS')
const printed = rows === 'printed' ? printedRows(grant) : new Map()
const answer = rewriteAnswer(
  grant,
  parseAnswer({ status: 200, contentType: 'application/json', text }, { allowNaN: true, printed }),
)
const same = printJson(answer) === text
console.log(JSON.stringify({ textMiB: text.length >> 20, same, grownMiB: memory('VmHWM') - before }))
process.exitCode = same ? 0 : 1
