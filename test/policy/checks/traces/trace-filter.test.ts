import t from 'tap'
import { isPromptClause, promptOf } from '../../../../src/policy/checks/traces/trace-filter.ts'
import { parseFilter } from '../../../../src/policy/filter/filter-string.ts'
import { acc, inAcc } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const clauseOf = (filter: string) => {
  const [clause] = parseFilter(filter)
  if (clause === undefined) throw new Error('no clause')
  return clause
}

t.test('a filter’s clauses that look for a prompt', async (t) => {
  for (const filter of [
    "prompt = 'a/1'",
    "tags.prompt = 'a/1'",
    "attributes.PROMPT = 'a/1'",
    "tag.`mlflow.linkedPrompts` = 'a/1'",
  ])
    t.equal(isPromptClause(clauseOf(filter)), true, filter)
  for (const filter of ["span.prompt = 'x'", "tags.other = 'x'", "status = 'OK'"])
    t.equal(isPromptClause(clauseOf(filter)), false, filter)
  t.same(promptOf(clauseOf("prompt = 'a/1'")), { name: 'a', version: '1' })
  t.throws(() => promptOf(clauseOf("prompt != 'a/1'")), { reason: 'invalid-parameter', message: /Invalid comparator '!='/ })
  t.throws(() => promptOf(clauseOf("prompt = 'a/1/2'")), { reason: 'invalid-parameter', message: /Expected format/ })
})

t.test('filters of traces can be read', async (t) => {
  const search = (filter: string) => ({
    locations: [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: inAcc.experiment } }],
    filter,
  })
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'searchTraces', search("status = 'OK'"), null],
    [acc, 'searchTraces', search("prompt = 'a'"), ['invalid-parameter', /Invalid prompts filter value/]],
    [acc, 'searchTraces', search("status = 'OK' OR"), ['invalid-parameter', /Invalid clause/]],
  ])
})
