import t from 'tap'
import type { Environment } from '../../../src/policy/environments/environment.ts'
import type { Grant } from '../../../src/policy/grant.ts'
import { printJson } from '../../../src/policy/messages/json/json-text.ts'
import { fieldOf } from '../../../src/policy/messages/message-shape.ts'
import { Refusal } from '../../../src/policy/reasons.ts'
import { admitRows } from '../../../src/rewrite/answer/admit-rows.ts'
import { rewriteAnswer } from '../../../src/rewrite/answer/rewrite-answer.ts'
import { asksForNothing, rowMessage, takeRows } from '../../../src/rewrite/request/search-page.ts'
import { upstreamMessage } from '../../../src/rewrite/request/upstream-message.ts'
import {
  answerOf,
  type FakeFacts,
  grantOf,
  judge,
  refusalOf,
  requestTo,
  toJson,
  toMessage,
  verdictOf,
} from '../../fakes/fake-fact-source.ts'
import {
  absentEntity,
  absentExperiment,
  absentRun,
  acc,
  config,
  inAcc,
  inPreprod,
  inProd,
  prod,
  sharedDataset,
  tenancy,
} from '../../fixtures/tenancy.ts'

type Fields = Readonly<Record<string, unknown>>
const json = JSON.stringify
const ask = (caller: Environment, endpoint: string, fields: Fields, facts: FakeFacts = tenancy) =>
  judge(config, caller, requestTo(endpoint, fields), facts)
const [dataset, foreignDataset] = [inAcc.entity('d'), inProd.entity('d')]
const own = { experiment_id: inAcc.experiment }

const [instructions_judge_pydantic_data, foreign] = [{ model: 'gateway:/chat' }, { model: 'gateway:/chat_prod' }]
const plainJudge = { instructions_judge_pydantic_data }
/** Scorers that name an endpoint: those of which MLflow asks it and does nothing else. */
// biome-ignore format: a table
const judges: [scorer: object, verdict: string][] = [
  [plainJudge, 'allow'], [{ ...plainJudge, call_source: null, third_party_scorer_data: null }, 'allow'], [{ builtin_scorer_class: 'Safety', builtin_scorer_pydantic_data: { model: 'gateway:/chat' } }, 'allow'], [{ instructions_judge_pydantic_data: { ...instructions_judge_pydantic_data, inference_params: { temperature: 0 } } }, 'allow'],
  [{ instructions_judge_pydantic_data: foreign }, 'foreign-name'], [{ builtin_scorer_pydantic_data: foreign }, 'foreign-name'],
  ...['third_party_scorer_data', 'memory_augmented_judge_data', 'ensemble_scorer_data'].flatMap((key): [object, string][] => [[{ [key]: instructions_judge_pydantic_data }, 'closed-endpoint'], [{ ...plainJudge, [key]: {} }, 'closed-endpoint']]), [{ ...plainJudge, call_source: 'exec' }, 'closed-endpoint'], [{ ...plainJudge, builtin_scorer_pydantic_data: {} }, 'closed-endpoint'],
  ...['api_base', 'base_url', 'API_KEY', 'fallbacks', 'extra_headers'].map((key): [object, string] => [{ instructions_judge_pydantic_data: { ...instructions_judge_pydantic_data, inference_params: { deep: [{ [key]: 'x' }] } } }, 'closed-endpoint']),
  [{ instructions_judge_pydantic_data: { ...instructions_judge_pydantic_data, embedding: 'gateway:/chat' } }, 'closed-endpoint'], [{ model: 'gateway:/chat' }, 'closed-endpoint'], [['gateway:/chat'], 'closed-endpoint'],
]

// biome-ignore format: a table
const verdicts: [caller: Environment, endpoint: string, fields: Fields, verdict: string][] = [
  [acc, 'getDataset', { dataset_id: dataset }, 'allow'], [acc, 'getDataset', { dataset_id: dataset.toUpperCase() }, 'not-found'], [acc, 'getDataset', { dataset_id: `${dataset} ` }, 'not-found'],
  [acc, 'getDataset', { dataset_id: sharedDataset }, 'not-found'], [prod, 'getDataset', { dataset_id: sharedDataset }, 'not-found'], [acc, 'getDataset', { dataset_id: `d-${'5'.repeat(32)}` }, 'not-found'],
  [acc, 'deleteDataset', { dataset_id: sharedDataset }, 'not-found'], [prod, 'getDataset', { dataset_id: dataset }, 'not-found'], [acc, 'getDataset', { dataset_id: 'search' }, 'not-found'],
  [acc, 'addDatasetToExperiments', { dataset_id: dataset, experiment_ids: ['0'] }, 'allow'], [acc, 'addDatasetToExperiments', { dataset_id: dataset, experiment_ids: [inProd.experiment] }, 'not-found'],
  [acc, 'addDatasetToExperiments', { dataset_id: foreignDataset, experiment_ids: ['0'] }, 'not-found'], [acc, 'addDatasetToExperiments', { dataset_id: dataset, experiment_ids: ['01'] }, 'invalid-parameter'],
  [acc, 'removeDatasetFromExperiments', { dataset_id: dataset, experiment_ids: [inAcc.experiment] }, 'invalid-parameter'], [acc, 'removeDatasetFromExperiments', { dataset_id: dataset, experiment_ids: ['0'] }, 'allow'],
  [acc, 'createDataset', { name: 'x' }, 'allow'], [acc, 'createDataset', { name: 'x', experiment_ids: ['0', inAcc.experiment] }, 'allow'], [acc, 'createDataset', { name: 'x', experiment_ids: [inAcc.experiment, inProd.experiment] }, 'not-found'],
  [acc, 'createDataset', { name: 'x', experiment_ids: ['5'] }, 'not-found'], [acc, 'createDataset', { name: 'x', tags: '{"a": NaN}' }, 'allow'], [acc, 'createDataset', { name: 'x', tags: '[]' }, 'invalid-parameter'],
  [acc, 'createDataset', { name: 'x', tags: '{"a": "1", "\\u0061": "2"}' }, 'malformed'], [acc, 'setDatasetTags', { dataset_id: dataset, tags: json({ 'mlflow.sourceRun': inProd.run(1) }) }, 'not-found'],
  [acc, 'searchDatasetSummaries', {}, 'invalid-parameter'], [acc, 'searchDatasetSummaries', { experiment_ids: Array.from({ length: 21 }, () => '0') }, 'invalid-parameter'], [acc, 'searchDatasetSummaries', { experiment_ids: ['0'] }, 'allow'],
  [acc, 'searchDatasets', { filter_string: "name = 'x' OR name = 'y'" }, 'invalid-parameter'], [acc, 'searchDatasets', {}, 'allow'],
  [acc, 'registerScorer', { ...own, name: 'x', serialized_scorer: '{}' }, 'allow'], [acc, 'registerScorer', { ...own, name: 'x', serialized_scorer: '{' }, 'invalid-parameter'], [acc, 'registerScorer', { experiment_id: inProd.experiment, name: 'x', serialized_scorer: '{}' }, 'not-found'],
  [acc, 'registerScorer', { ...own, name: 'x', serialized_scorer: json({ memory_augmented_judge_data: { base_judge: { instructions_judge_pydantic_data: { model: 'gateway:/chat' } } } }) }, 'closed-endpoint'],
  ...[' gateway:/chat', 'Gateway:/chat', 'gateway://chat', 'gateway:/a/b', 'gateway:/chat_prod?x', 'gateway:/', json({ model: 'gateway:/chat_prod' })].map((model): [Environment, string, Fields, string] => [acc, 'registerScorer', { ...own, name: 'x', serialized_scorer: json({ instructions_judge_pydantic_data: { model } }) }, 'closed-endpoint']),
  ...judges.map(([scorer, verdict]): [Environment, string, Fields, string] => [acc, 'registerScorer', { ...own, name: 'x', serialized_scorer: json(scorer) }, verdict]),
  [acc, 'registerScorer', { ...own, name: 'x', serialized_scorer: json({ builtin_scorer_pydantic_data: { model: ' Endpoints:/x' } }) }, 'closed-endpoint'], [acc, 'registerScorer', { ...own, name: 'x', serialized_scorer: json({ instructions: 'Gateway: is it up?' }) }, 'allow'],
  [acc, 'listScorers', {}, 'allow'], [acc, 'listScorers', { experiment_id: inProd.experiment }, 'not-found'], [acc, 'upsertOnlineScoringConfig', { experiment_id: inProd.experiment, name: 'x', sample_rate: 0 }, 'not-found'],
  [acc, 'createIssue', { ...own, name: 'x', description: 'y', source_run_id: inProd.run(1) }, 'not-found'], [acc, 'createIssue', { ...own, name: 'x', description: 'y', source_run_id: 'no id' }, 'allow'],
  [acc, 'createIssue', { ...own, name: 'x', description: 'y', issue_id: 'iss-login_1' }, 'allow'], [acc, 'createIssue', { ...own, name: 'x', description: 'y', issue_id: inProd.entity('iss') }, 'not-found'],
  [acc, 'createIssue', { ...own, name: 'x', description: 'y', issue_id: inAcc.entity('iss') }, 'allow'], [acc, 'createIssue', { ...own, name: 'x', description: 'y', issue_id: 'iss-../../experiments' }, 'invalid-parameter'],
  [acc, 'createIssue', { ...own, name: 'x', description: 'y', issue_id: `iss-${'x'.repeat(33)}` }, 'invalid-parameter'], [acc, 'getIssue', { issue_id: 'iss-../../x' }, 'not-found'],
  [acc, 'searchIssues', { include_total_count: true }, 'invalid-parameter'], [acc, 'searchIssues', { ...own, include_total_count: true, statuses: ['pending'] }, 'allow'], [acc, 'searchIssues', { include_total_count: false }, 'allow'],
  [acc, 'setExperimentTag', { ...own, key: 'mlflow.issueDetection.schedule', value: '{}' }, 'closed-endpoint'], [acc, 'setExperimentTag', { ...own, key: 'mlflow.issueDetection.priorities', value: '{}' }, 'allow'],
  [acc, 'deleteExperimentTag', { ...own, key: 'mlflow.issueDetection.schedule' }, 'allow'], [acc, 'createExperiment', { name: 'x', tags: [{ key: 'team', value: 'x' }, { key: ' mlflow.issuedetection.CHECKPOINT', value: '' }] }, 'closed-endpoint'],
  [acc, 'searchIssues', {}, 'allow'], [acc, 'searchIssues', { experiment_id: inProd.experiment }, 'not-found'], [acc, 'updateIssue', { issue_id: inProd.entity('iss'), name: 'x' }, 'not-found'],
  [acc, 'createReviewQueue', { ...own, name: 'x', schema_ids: [inAcc.entity('ls'), inProd.entity('ls')] }, 'not-found'], [acc, 'updateReviewQueue', { queue_id: inAcc.entity('rq'), schema_ids: [inProd.entity('ls')] }, 'not-found'],
  [acc, 'updateReviewQueue', { queue_id: inAcc.entity('rq'), schema_ids: [] }, 'allow'], [acc, 'listReviewQueueItems', { queue_id: inPreprod.entity('rq') }, 'not-found'], [acc, 'getReviewQueue', { queue_id: inAcc.entity('ls') }, 'not-found'],
]

t.test('data sets, scorers, issues, label schemas and review queues are their experiments’ own', async (t) => {
  for (const [caller, endpoint, fields, expected] of verdicts) {
    t.equal(verdictOf(ask(caller, endpoint, fields)), expected, `${caller.name}: ${endpoint} ${json(fields)}`)
  }
  const [foreign, absent] = [sharedDataset, absentEntity('d')].map((dataset_id) =>
    refusalOf(ask(acc, 'getDataset', { dataset_id })),
  )
  t.equal(foreign?.message.replace(sharedDataset, ''), absent?.message.replace(absentEntity('d'), ''), 'foreign is as if absent')
  t.equal(ask(acc, 'getDataset', { dataset_id: 'x/../y' }).questions.length, 1, 'what can be no id is not asked about')
})

t.test('a new data set without an experiment gets the default one, so that somebody owns it', async (t) => {
  const sent = (fields: Fields) => printJson(upstreamMessage(grantOf(ask(acc, 'createDataset', { name: 'x', ...fields }))))
  t.equal(sent({}), json({ name: 'x', experiment_ids: [inAcc.defaultExperiment] }))
  t.equal(sent({ experiment_ids: [] }), json({ name: 'x', experiment_ids: [inAcc.defaultExperiment] }))
  t.equal(sent({ experiment_ids: ['0'] }), json({ name: 'x', experiment_ids: [inAcc.defaultExperiment] }))
  t.equal(sent({ experiment_ids: [inAcc.experiment] }), json({ name: 'x', experiment_ids: [inAcc.experiment] }))
})

/** The rows of an answer that the caller is shown, with the tenancy's facts. */
function shown(grant: Grant, list: string, rows: readonly Fields[]): string {
  const message = fieldOf(grant.endpoint.response, list)?.message ?? ''
  const evaluation = admitRows(grant.context, message, rows.map(toJson))
  let step = evaluation.next()
  while (!step.done) step = evaluation.next(answerOf(tenancy, step.value))
  return printJson(rewriteAnswer(grant, toMessage({ [list]: rows }), step.value))
}

t.test('rows of an answer are shown where their experiments are the caller’s own', async (t) => {
  const experiments = [inAcc.experiment, inAcc.defaultExperiment, inProd.experiment, '5', absentExperiment]
  const issues = experiments.map((experiment_id) => ({ issue_id: `iss-${absentRun}`, experiment_id }))
  const ownIssues = [inAcc.experiment, '0'].map((experiment_id) => ({ issue_id: `iss-${absentRun}`, experiment_id }))
  t.equal(shown(grantOf(ask(acc, 'searchIssues', {})), 'issues', issues), json({ issues: ownIssues }))
  const scorers = experiments.map((id) => ({ experiment_id: Number(id), scorer_name: 'x' }))
  const ownScorers = [Number(inAcc.experiment), 0].map((experiment_id) => ({ experiment_id, scorer_name: 'x' }))
  t.equal(shown(grantOf(ask(acc, 'listScorers', {})), 'scorers', scorers), json({ scorers: ownScorers }), 'numbers are ids, too')
  const configs = experiments.map((experiment_id) => ({ scorer_id: 's', experiment_id }))
  t.equal(
    shown(grantOf(ask(acc, 'getOnlineScoringConfigs', { scorer_ids: ['s'] })), 'configs', configs),
    json({ configs: [inAcc.experiment, '0'].map((experiment_id) => ({ scorer_id: 's', experiment_id })) }),
  )
  const datasets = [dataset, foreignDataset, sharedDataset, `d-${'5'.repeat(32)}`, absentEntity('d')].map((dataset_id) => ({
    dataset_id,
    name: 'x',
  }))
  t.equal(
    shown(grantOf(ask(acc, 'searchDatasets', {})), 'datasets', datasets),
    json({ datasets: [{ dataset_id: dataset, name: 'x' }] }),
  )
  t.equal(
    shown(grantOf(ask(acc, 'searchDatasets', {})), 'datasets', [{ name: 'x' }]),
    json({}),
    'a row without an id is nobody’s, and a list of such rows is told like an empty one',
  )
})

t.test('one thing in an answer that is not the caller’s is not passed on', async (t) => {
  const refused = (endpoint: string, fields: Fields, answer: Fields) => {
    try {
      return printJson(rewriteAnswer(grantOf(ask(acc, endpoint, fields)), toMessage(answer)))
    } catch (error) {
      return error instanceof Refusal ? error.reason : String(error)
    }
  }
  const foreign = { experiment_id: inProd.experiment }
  t.equal(refused('getIssue', { issue_id: inAcc.entity('iss') }, { issue: foreign }), 'unknown-answer')
  t.equal(refused('getLabelSchema', { schema_id: inAcc.entity('ls') }, { label_schema: foreign }), 'unknown-answer')
  t.equal(refused('getReviewQueue', { queue_id: inAcc.entity('rq') }, { review_queue: foreign }), 'unknown-answer')
  t.equal(refused('getScorer', { ...own, name: 'x' }, { scorer: { experiment_id: Number(inProd.experiment) } }), 'unknown-answer')
  t.equal(refused('registerScorer', { ...own, name: 'x', serialized_scorer: '{}' }, { ...foreign, name: 'x' }), 'unknown-answer')
  t.equal(refused('getDataset', { dataset_id: dataset }, { dataset: { dataset_id: foreignDataset } }), 'unknown-answer')
  t.equal(
    refused('getDatasetExperiments', { dataset_id: dataset }, { experiment_ids: [inAcc.experiment, inProd.experiment] }),
    json({ experiment_ids: [inAcc.experiment] }),
  )
})

t.test('who asks for others’ experiments alone asks MLflow for nothing', async (t) => {
  const nothing = (endpoint: string, fields: Fields) => asksForNothing(grantOf(ask(acc, endpoint, fields)))
  for (const endpoint of ['searchDatasets', 'listScorers', 'searchDatasetSummaries', 'searchRuns']) {
    t.equal(nothing(endpoint, { experiment_ids: [inProd.experiment, absentExperiment] }), true, endpoint)
    t.equal(nothing(endpoint, { experiment_ids: [inProd.experiment, inAcc.experiment] }), false, endpoint)
  }
  t.equal(nothing('searchDatasets', {}), false, 'who names none asks for all')
  t.equal(nothing('searchRuns', {}), true, 'but not where MLflow takes none for none')
  const grant = grantOf(ask(acc, 'searchDatasets', { experiment_ids: [inProd.experiment, '0'] }))
  t.same(upstreamMessage(grant).get('experiment_ids'), [inAcc.defaultExperiment], 'and others’ ids stay here')
  const { search } = grant.endpoint
  if (search === undefined) throw new Error('it is a search')
  t.equal(rowMessage(grant, search), 'mlflow.datasets.Dataset')
  t.same(
    takeRows(grant, search, [toJson({ dataset_id: dataset })], 0, 5).taken,
    [],
    'a row that nobody was asked about is not taken',
  )
})
