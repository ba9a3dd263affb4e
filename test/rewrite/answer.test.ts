import fc from 'fast-check'
import t from 'tap'
import { openEndpoints } from '../../src/policy/endpoints/endpoint-table.ts'
import type { Environment } from '../../src/policy/environments/environment.ts'
import type { Grant } from '../../src/policy/grant.ts'
import type { Field } from '../../src/policy/messages/field.ts'
import { type Json, JsonNumber, type JsonObject } from '../../src/policy/messages/json/json.ts'
import { parseJson, printJson } from '../../src/policy/messages/json/json-text.ts'
import { shapeOf } from '../../src/policy/messages/message-shape.ts'
import { Refusal } from '../../src/policy/reasons.ts'
import { planOf } from '../../src/rewrite/answer/answer-plan.ts'
import { rewriteAnswer } from '../../src/rewrite/answer/rewrite-answer.ts'
import { clientLocation } from '../../src/rewrite/client-location.ts'
import { clientErrorText } from '../../src/rewrite/errors/error-text.ts'
import { grantOf, judge, requestTo, toMessage } from '../fakes/fake-fact-source.ts'
import { fullMessage } from '../fixtures/full-message.ts'
import { acc, all, type Belongings, config, inAcc, inProd, prod, tenancy } from '../fixtures/tenancy.ts'
import { tryLaw } from '../harness/law.ts'

type Fields = Readonly<Record<string, unknown>>

function grant(caller: Environment, endpoint: string, fields: Fields): Grant {
  return grantOf(judge(config, caller, requestTo(endpoint, fields), tenancy))
}

/** What the caller gets for an answer of MLflow's, as JSON text, or the reason why they get nothing. */
function shown(granted: Grant, answer: Fields): string {
  try {
    return printJson(rewriteAnswer(granted, toMessage(answer)))
  } catch (error) {
    if (error instanceof Refusal) return error.reason
    throw error
  }
}

const traceInfo = (experiment_id: string, more: Fields = {}) => ({
  trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id } },
  ...more,
})

const version = (name: string, fields: Fields = {}) => ({ name, version: '1', current_stage: 'None', ...fields })

// biome-ignore format: a table
const answers: [caller: Environment, endpoint: string, fields: Fields, answer: Fields, shown: string][] = [
  [acc, 'getRegisteredModel', { name: 'fraud' }, { registered_model: { name: 'fraud_acc', creation_timestamp: 1 } }, '{"registered_model":{"name":"fraud","creation_timestamp":1}}'],
  [prod, 'getRegisteredModel', { name: 'fraud_acc' }, { registered_model: { name: 'fraud_acc' } }, '{"registered_model":{"name":"fraud_acc"}}'],
  [acc, 'getRegisteredModel', { name: 'fraud' }, { registered_model: { name: 'fraud_prod' } }, 'unknown-answer'],
  [acc, 'getRegisteredModel', { name: 'fraud' }, { registered_model: { name: 'legacy' } }, 'unknown-answer'],
  [acc, 'getRegisteredModel', { name: 'fraud' }, { registered_model: { description: 'no name' } }, 'unknown-answer'],
  [acc, 'getRegisteredModel', { name: 'fraud' }, { registered_model: 'text' }, 'unknown-answer'],
  [acc, 'getRegisteredModel', { name: 'fraud' }, { registered_model: { name: 'fraud_acc', secret: 'x' }, extra: 1 }, '{"registered_model":{"name":"fraud"}}'],
  [acc, 'getRegisteredModel', { name: 'fraud' }, { registered_model: { name: 'fraud_acc', latest_versions: [version('fraud_acc'), version('fraud_acc', { current_stage: 'Production' }), version('fraud_prod'), version('legacy'), 'text', null] } }, '{"registered_model":{"name":"fraud","latest_versions":[{"name":"fraud","version":"1","current_stage":"None"}]}}'],
  [prod, 'getRegisteredModel', { name: 'fraud' }, { registered_model: { name: 'fraud_prod', latest_versions: [version('fraud_prod', { current_stage: 'Production', source: 'models:/fraud_acc/2' })] } }, '{"registered_model":{"name":"fraud","latest_versions":[{"name":"fraud","version":"1","current_stage":"Production","source":"models:/fraud_acc/2"}]}}'],
  [acc, 'getModelVersion', { name: 'risk', version: '1' }, { model_version: version('risk_acc', { current_stage: 'Production' }) }, 'production-version'],
  [acc, 'getModelVersionByAlias', { name: 'risk', alias: 'live' }, { model_version: version('risk_acc', { current_stage: 'Production' }) }, 'production-version'],
  [prod, 'getModelVersion', { name: 'risk_acc', version: '1' }, { model_version: version('risk_acc', { current_stage: 'Production' }) }, '{"model_version":{"name":"risk_acc","version":"1","current_stage":"Production"}}'],
  [acc, 'getModelVersion', { name: 'fraud', version: '1' }, { model_version: version('fraud_acc', { source: 'models:/fraud_acc/2' }) }, '{"model_version":{"name":"fraud","version":"1","current_stage":"None","source":"models:/fraud/2"}}'],
  [acc, 'getModelVersion', { name: 'fraud', version: '1' }, { model_version: version('fraud_acc', { source: 'models:/fraud_prod/2' }) }, '{"model_version":{"name":"fraud","version":"1","current_stage":"None","source":""}}'],
  [acc, 'getModelVersion', { name: 'fraud', version: '1' }, { model_version: version('fraud_acc', { source: 'MODELS:/fraud_prod/2' }) }, '{"model_version":{"name":"fraud","version":"1","current_stage":"None","source":""}}'],
  [acc, 'getModelVersion', { name: 'fraud', version: '1' }, { model_version: version('fraud_acc', { source: `models:/${inAcc.model(1)}` }) }, `{"model_version":{"name":"fraud","version":"1","current_stage":"None","source":"models:/${inAcc.model(1)}"}}`],
  [acc, 'getModelVersion', { name: 'fraud', version: '1' }, { model_version: version('fraud_acc', { tags: [{ key: 'mlflow-env-proxy.pendingStage', value: 'Staging' }, { key: 'a', value: 'fraud_acc' }] }) }, '{"model_version":{"name":"fraud","version":"1","current_stage":"None","tags":[{"key":"a","value":"fraud_acc"}]}}'],
  [acc, 'getModelVersionDownloadUri', { name: 'fraud', version: '1' }, { artifact_uri: 'mlflow-artifacts://mlflow:5000/11/x' }, '{"artifact_uri":"mlflow-artifacts:/11/x"}'],
  [acc, 'getExperiment', { experiment_id: '0' }, { experiment: { experiment_id: inAcc.defaultExperiment, name: '/experiments/acc/Default', artifact_location: 's3://b/1' } }, '{"experiment":{"experiment_id":"0","name":"Default","artifact_location":"s3://b/1"}}'],
  [acc, 'getExperiment', { experiment_id: inAcc.experiment }, { experiment: { experiment_id: inProd.experiment, name: '/experiments/prod/churn' } }, 'unknown-answer'],
  [acc, 'getTraceInfo', { trace_id: inAcc.trace(1) }, { trace: { trace_info: traceInfo(inAcc.experiment, { tags: { a: 'fraud_acc', 'mlflow.artifactLocation': 'mlflow-artifacts://h:5000/11/traces/x/artifacts', 'mlflow.linkedPrompts': '[{"name":"fraud_acc","version":"1"},{"name":"fraud_prod","version":"2"}]' } }) } }, `{"trace":{"trace_info":{"trace_location":{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"${inAcc.experiment}"}},"tags":{"a":"fraud_acc","mlflow.artifactLocation":"mlflow-artifacts:/11/traces/x/artifacts","mlflow.linkedPrompts":"[{\\"name\\": \\"fraud\\", \\"version\\": \\"1\\"}]"}}}}`],
  [acc, 'getTraceInfo', { trace_id: inAcc.trace(1) }, { trace: { trace_info: traceInfo(inProd.experiment) } }, 'unknown-answer'],
  [acc, 'getTraceInfo', { trace_id: inAcc.trace(1) }, { trace: { trace_info: { trace_id: 'x' } } }, 'unknown-answer'],
  [acc, 'startTrace', { trace: { trace_info: traceInfo('0', { trace_id: inAcc.trace(1) }) } }, { trace: { trace_info: traceInfo(inAcc.defaultExperiment) } }, '{"trace":{"trace_info":{"trace_location":{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"0"}}}}}'],
  [acc, 'getTraceInfoV2', { request_id: inAcc.trace(1) }, { trace_info: { experiment_id: inAcc.experiment, tags: [{ key: 'mlflow.artifactLocation', value: 'mlflow-artifacts://h/1' }, { key: 'b', value: 'c' }] } }, `{"trace_info":{"experiment_id":"${inAcc.experiment}","tags":[{"key":"mlflow.artifactLocation","value":"mlflow-artifacts:/1"},{"key":"b","value":"c"}]}}`],
  [acc, 'getTraceInfoV2', { request_id: inAcc.trace(1) }, { trace_info: { experiment_id: inProd.experiment } }, 'unknown-answer'],
  [acc, 'batchGetTraceInfos', { trace_ids: [inAcc.trace(1)] }, { trace_infos: [traceInfo(inProd.experiment), traceInfo(inAcc.experiment, { trace_id: 'a' })] }, `{"trace_infos":[{"trace_location":{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"${inAcc.experiment}"}},"trace_id":"a"}]}`],
  [acc, 'getTrace', { trace_id: inAcc.trace(1) }, { trace: { trace_info: traceInfo(inAcc.experiment), spans: [{ name: 'x', attributes: [{ key: 'k', value: { kvlist_value: { values: [{ key: 'n', value: { int_value: '9007199254740993' } }] } } }] }] } }, `{"trace":{"trace_info":{"trace_location":{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"${inAcc.experiment}"}}},"spans":[{"name":"x","attributes":[{"key":"k","value":{"kvlist_value":{"values":[{"key":"n","value":{"int_value":"9007199254740993"}}]}}}]}]}}`],
  [prod, 'getTraceInfo', { trace_id: inAcc.trace(2) }, { trace: { trace_info: traceInfo(inAcc.experiment, { tags: { 'mlflow.linkedPrompts': '[{"name":"fraud_acc"}]' } }) } }, `{"trace":{"trace_info":{"trace_location":{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"${inAcc.experiment}"}},"tags":{"mlflow.linkedPrompts":"[{\\"name\\": \\"fraud_acc\\"}]"}}}}`],
  [acc, 'createExperiment', { name: 'x' }, { experiment_id: '99' }, '{"experiment_id":"99"}'],
  [acc, 'createExperiment', { name: 'x' }, { experiment_id: 99 }, 'unknown-answer'],
  [acc, 'createRun', { experiment_id: '0' }, { run: { info: { experiment_id: inAcc.defaultExperiment, artifact_uri: 'mlflow-artifacts:/10/x' }, data: {} } }, '{"run":{"info":{"experiment_id":"0","artifact_uri":"mlflow-artifacts:/10/x"},"data":{}}}'],
  [acc, 'getRun', { run_id: inAcc.run(1) }, { run: { info: { experiment_id: inProd.experiment } } }, 'unknown-answer'],
  [acc, 'getRun', { run_id: inAcc.run(1) }, { run: { data: {} } }, 'unknown-answer'],
  [prod, 'getRun', { run_id: inAcc.run(2) }, { run: { info: { experiment_id: inAcc.experiment } } }, `{"run":{"info":{"experiment_id":"${inAcc.experiment}"}}}`],
  [acc, 'searchRuns', { experiment_ids: ['0'] }, { runs: [{ info: { experiment_id: inAcc.defaultExperiment } }, { info: { experiment_id: inProd.experiment } }, {}, 'x'], next_page_token: 't' }, '{"runs":[{"info":{"experiment_id":"0"}}],"next_page_token":"t"}'],
  [acc, 'searchRuns', { experiment_ids: ['0'] }, { runs: { info: 1 } }, 'unknown-answer'],
  [acc, 'getLoggedModel', { model_id: inAcc.model(1) }, { model: { info: { experiment_id: inAcc.experiment, registrations: [{ name: 'fraud_acc', version: '1' }, { name: 'fraud_prod', version: '1' }], tags: [{ key: 'mlflow.modelVersions', value: '[{"name":"fraud_acc","version":9007199254740993},{"name":"fraud_prod","version":1},{"x":1},3]' }] } } }, `{"model":{"info":{"experiment_id":"${inAcc.experiment}","registrations":[{"name":"fraud","version":"1"}],"tags":[{"key":"mlflow.modelVersions","value":"[{\\"name\\": \\"fraud\\", \\"version\\": 9007199254740993}]"}]}}}`],
  [acc, 'getLoggedModel', { model_id: inAcc.model(1) }, { model: { info: { experiment_id: inAcc.experiment, tags: [{ key: 'mlflow.modelVersions', value: 'fraud_prod, not JSON' }] } } }, `{"model":{"info":{"experiment_id":"${inAcc.experiment}","tags":[{"key":"mlflow.modelVersions","value":"[]"}]}}}`],
  [acc, 'setTag', { run_id: inAcc.run(1), key: 'a', value: 'b' }, { anything: 'x' }, '{}'],
  [acc, 'listArtifacts', { run_id: inAcc.run(1) }, { root_uri: 'https://mlflow/api/2.0/mlflow-artifacts/artifacts/11/x', files: [{ path: 'a', file_size: 5, is_dir: false }] }, '{"root_uri":"mlflow-artifacts:/11/x","files":[{"path":"a","file_size":5,"is_dir":false}]}'],
]

t.test('answers come in the caller’s own words, without what is not theirs', async (t) => {
  for (const [caller, endpoint, fields, answer, expected] of answers) {
    t.equal(
      shown(grant(caller, endpoint, fields), answer),
      expected,
      `${caller.name}: ${endpoint} ${JSON.stringify(answer).slice(0, 120)}`,
    )
  }
})

t.test('numbers of any size and NaN come through unchanged', async (t) => {
  const text =
    '{"metrics":[{"key":"a","value":NaN,"timestamp":9007199254740993,"step":-9223372036854775808,"run_id":"r"},{"value":-Infinity},{"value":1.10}]}'
  const answer = parseJson(text, { allowNaN: true })
  const granted = grant(acc, 'getMetricHistoryBulk', { run_id: [inAcc.run(1)], metric_key: 'a' })
  t.equal(answer instanceof Map && printJson(rewriteAnswer(granted, answer)), text)
})

/** A random value of a field; what names something is drawn from all environments' names and nobody's. */
function drawField(message: string, name: string, field: Field, depth: number): fc.Arbitrary<Json> {
  if (field.repeated === true || field.map === true) {
    const { repeated, map, ...single } = field
    return fc.array(drawField(message, name, single, depth + 1), { maxLength: 4 })
  }
  if (field.message?.endsWith('Tag')) return drawTag(field.message)
  if (field.message !== undefined) return depth > 7 ? fc.constant(null) : messageOf(field.message, depth + 1)
  if (field.type === 'bool') return fc.boolean()
  if (field.type !== 'string' && field.type !== 'enum') return fc.constant(new JsonNumber('9007199254740993'))
  return fc.constantFrom(...textsFor(message, name))
}

/** A tag: of versions and logged models also those that MLflow, its clients and the proxy write themselves. */
function drawTag(message: string): fc.Arbitrary<Json> {
  const plain = { key: 'team', value: 'text' }
  const versions = JSON.stringify(names.map((name) => ({ name, version: 1 })))
  const written = [
    { key: 'mlflow.modelVersions', value: versions },
    { key: 'mlflow-env-proxy.pendingStage', value: 'Staging' },
  ]
  const isRewritten = ['mlflow.LoggedModelTag', 'mlflow.ModelVersionTag'].includes(message)
  return fc.constantFrom(plain, ...(isRewritten ? written : [])).map(toMessage)
}

const names = [
  ...all.flatMap(({ environment: { name } }) => [`fraud_${name}`, `a b_${name}`]),
  'legacy',
  'x_prod_acc',
  '_acc',
  '',
]

function textsFor(message: string, name: string): string[] {
  if (name === 'current_stage') return ['None', 'Staging', 'Production']
  if (name === 'experiment_id') return ['0', '5', ...all.flatMap((place) => [place.defaultExperiment, place.experiment])]
  if (message.endsWith('Tag') && name === 'key') return ['mlflow.modelVersions', 'mlflow-env-proxy.pendingStage', 'team']
  if (message.endsWith('Tag') && name === 'value')
    return ['text', JSON.stringify(names.map((said) => ({ name: said, version: 1 })))]
  switch (planOf(message).meaningOf(name)) {
    case 'modelName':
    case 'gatewayName':
    case 'modelDefinitionName':
    case 'gatewaySecretName':
      return names
    case 'experimentName':
      return [...all.map(({ environment }) => `${environment.experimentRoot}/churn`), 'Default', '/experiments/acc/../prod/x']
    case 'source':
      return names.flatMap((said) => [`models:/${said}/1`, `models:/${said}@x`, `Models:/${said}/1`, `models://${said}/1`])
    case 'location':
      return ['mlflow-artifacts:/1/x', 'mlflow-artifacts://host/1/x', 's3://bucket/x']
    default:
      return ['text']
  }
}

function messageOf(message: string, depth = 0): fc.Arbitrary<JsonObject> {
  const fields = [...shapeOf(message).fields]
  const values = fc.tuple(
    ...fields.map(([name, field]) => fc.option(drawField(message, name, field, depth), { freq: 5, nil: undefined })),
  )
  return values.map(
    (drawn) =>
      new Map(fields.flatMap(([name], index): [string, Json][] => (drawn[index] === undefined ? [] : [[name, drawn[index]]]))),
  )
}

/** The names in a text that its reader may not see. */
function leaksIn(text: string, place: Belongings, granted: Grant): string[] {
  const { environment } = place
  const hidden = all.filter((other) => other !== place && other.environment !== granted.context.scope)
  const suffixes = hidden.flatMap(({ environment: { modelSuffix, experimentRoot } }) => [modelSuffix, experimentRoot])
  const promotable = (word: string) => environment.promotesFrom.some((name) => word.includes(`_${name}`))
  const own = [environment.modelSuffix, environment.experimentRoot, 'legacy', 'pendingStage', 'mlflow-artifacts://']
  return [...suffixes, ...own].filter((word) => text.includes(word) && !promotable(word))
}

t.test('no answer shows a stored name, another environment’s name, or a row of another environment', async (t) => {
  for (const endpoint of openEndpoints.values()) {
    if (shapeOf(endpoint.response).fields.size === 0) continue
    const counts = { answered: 0 }
    const law = tryLaw(
      fc.property(fc.constantFrom(...all), messageOf(endpoint.response), (place, answer) => {
        const message = fullMessage(endpoint, place, endpoint.name === 'createModelVersion' ? ['relatedRun'] : [])
        const granted = grantOf(
          judge(config, place.environment, { endpointName: endpoint.name, endpoint, message, administrator: true }, tenancy),
        )
        let text: string
        try {
          text = printJson(rewriteAnswer(granted, answer))
        } catch (error) {
          if (error instanceof Refusal) return
          throw error
        }
        counts.answered += 1
        const leaks = leaksIn(text, place, granted)
        if (leaks.length > 0) throw new Error(`${place.environment.name} is shown ${leaks}: ${text}`)
        const ids = [...text.matchAll(/"experiment_id":"(\d+)"/g)].map((match) => match[1] ?? '')
        const foreign = endpoint.response.includes('CreateExperiment') ? [] : ids.filter((id) => isOthers(id, place, text))
        if (foreign.length > 0) throw new Error(`${place.environment.name} is shown experiment ${foreign}: ${text}`)
        if (!place.environment.production && text.includes('"Production"')) throw new Error(`Production is shown: ${text}`)
      }),
      250,
    )
    t.equal(law, 'holds', endpoint.name)
    t.ok(counts.answered > 5, `${endpoint.name}: ${counts.answered} answers were shown`)
  }
})

/** Whether an experiment id in an answer is another environment's; an experiment's own row is told by its name, not its id. */
function isOthers(id: string, place: Belongings, text: string): boolean {
  return (
    !text.includes('"experiment"') &&
    !text.includes('"experiments"') &&
    ![place.experiment, place.defaultExperiment, '0'].includes(id)
  )
}

t.test('locations that MLflow serves itself are asked for at the proxy; others stay', async (t) => {
  const same = [
    's3://b/x',
    'abfss://c@a.dfs.core.windows.net/x',
    'file:///mnt/x',
    '/mnt/x',
    'mlflow-artifacts:/1/x',
    'https://example.com/x',
    '',
  ]
  for (const uri of same) t.equal(clientLocation(uri), uri, uri)
  t.equal(clientLocation('mlflow-artifacts://host:5000/1/x'), 'mlflow-artifacts:/1/x')
  t.equal(clientLocation('mlflow-artifacts://host'), 'mlflow-artifacts:/')
  t.equal(clientLocation('https://host/mlflow/api/2.0/mlflow-artifacts/artifacts/1/x'), 'mlflow-artifacts:/1/x')
})

const sql =
  ' Error: (sqlite3.IntegrityError) UNIQUE constraint failed: registered_models.name\n[SQL: INSERT INTO registered_models (name) VALUES (?)]\n[parameters: ("fraud_acc", 1)]\n(Background on this error at: https://sqlalche.me/e/20/gkpj)'
const generic = 'MLflow refused the request (X).'
// What MLflow 1.30 to 3.17 say; an empty third column: unchanged
// biome-ignore format: a table
const errors: [endpoint: string, fields: Fields, text: string, shown: string][] = [
  ['getRegisteredModel', { name: 'fraud' }, 'Registered Model with name=fraud_acc not found', 'Registered Model with name=fraud not found'],
  ['getModelVersion', { name: 'fraud', version: '9' }, 'Model Version (name=fraud_acc, version=9) not found', 'Model Version (name=fraud, version=9) not found'],
  ['createRegisteredModel', { name: 'fraud' }, `Registered Model (name=fraud_acc) already exists.${sql}`, 'Registered Model (name=fraud) already exists.'],
  ['createRegisteredModel', { name: 'fraud' }, 'Registered Model (name=fraud_acc) already exists. Error: (raised as a result of Query-invoked autoflush; consider using a session.no_autoflush block)', 'Registered Model (name=fraud) already exists.'],
  ['renameRegisteredModel', { name: 'fraud', new_name: 'new' }, 'Registered Model (name=new_acc) already exists. Error: (psycopg2.errors.UniqueViolation) fraud_prod', 'Registered Model (name=new) already exists.'],
  ['updateExperiment', { experiment_id: inAcc.experiment, new_name: 'x' }, `(sqlite3.IntegrityError) UNIQUE constraint failed: experiments.name${sql}`, "MLflow's database refused the change: the entry already exists."],
  ['setTraceTag', { trace_id: inAcc.trace(1), key: 'a' }, '(psycopg2.errors.ForeignKeyViolation) insert violates foreign key constraint\n[SQL: unique]', "MLflow's database refused the change: it refers to something that does not exist."],
  ['getRun', { run_id: inAcc.run(1) }, '(sqlite3.OperationalError) database is locked\n[SQL: duplicate]', "MLflow's database refused the request."],
  ['createExperiment', { name: 'churn' }, "Experiment(name=/experiments/acc/churn) already exists. Error: (sqlite3.IntegrityError) UNIQUE", 'Experiment(name=churn) already exists.'],
  ['createExperiment', { name: '/churn' }, "Experiment '/experiments/acc/churn' already exists in deleted state.", "Experiment '/churn' already exists in deleted state."],
  ['getExperimentByName', { experiment_name: 'my churn' }, "Could not find experiment with name '/experiments/acc/my churn'", "Could not find experiment with name 'my churn'"],
  ['createRun', { experiment_id: '0' }, `The experiment ${inAcc.defaultExperiment} must be in the 'active' state. Current state is deleted.`, "The experiment 0 must be in the 'active' state. Current state is deleted."],
  ['getExperiment', { experiment_id: '0' }, `No Experiment with id=${inAcc.defaultExperiment} exists`, 'No Experiment with id=0 exists'],
  ['createRun', { experiment_id: '0' }, `Run with id=${inAcc.run(1)} not found at line ${inAcc.defaultExperiment}`, ''],
  ['logParam', { run_id: inAcc.run(1), key: 'a', value: 'b' }, `Changing param values is not allowed. Param with key='a' was already logged with value='1' for run ID='${inAcc.run(1)}'. Attempted logging new value 'b'.`, ''],
  ['transitionModelVersionStage', { name: 'fraud', version: '2', stage: 'None' }, "Model version transition cannot archive existing model versions because 'None' is not an Active stage. Valid stages are Staging, Production", ''],
  ['getModelVersionByAlias', { name: 'fraud', alias: 'x' }, 'Registered model alias x not found.', ''],
  ['getRegisteredModel', { name: 'fraud' }, 'Something about fraud_prod', generic],
  ['getRegisteredModel', { name: 'fraud' }, 'see models:/fraud_prod/3', generic],
  ['getRegisteredModel', { name: 'd' }, 'd_acc is like fraud_prod', generic],
  ['getRegisteredModel', { name: 'fraud' }, 'fraud_acc was made from other_acc', 'fraud was made from other_acc'],
  ['getRegisteredModel', { name: 'fraud' }, 'the name a b_preprod. is taken', generic],
  ['getRegisteredModel', { name: 'fraud' }, 'in /experiments/prod/secret', generic],
  ['getRegisteredModel', { name: 'fraud' }, 'in /EXPERIMENTS/Prod/secret and FRAUD_PROD', generic],
  ['getRegisteredModel', { name: 'fraud_acc' }, 'Registered Model with name=fraud_acc not found', ''],
  ['getRegisteredModel', { name: 'fraud' }, 'fraud_accx and x.fraud_acc', 'fraud_accx and x.fraud'],
  ['searchExperiments', {}, "Invalid value '/experiments/acc/churn'", "Invalid value 'churn'"],
  // What the caller said stays, whatever it ends in.
  ['logParam', { run_id: inAcc.run(1), key: 'val_acc', value: 'b' }, "Changing param values is not allowed. Param with key='val_acc' was already logged with value='a'", ''],
  ['logParam', { run_id: inAcc.run(1), key: 'std_prod', value: 'b_preprod' }, "Param with key='std_prod' was already logged with value='a'. Attempted logging new value 'b_preprod'.", ''],
  ['logParam', { run_id: inAcc.run(1), key: 'a', value: 'like fraud_prod' }, 'what of fraud_prod', ''],
  ['logParam', { run_id: inAcc.run(1), key: 'a', value: 'xfraud_prod' }, 'what of fraud_prod', generic],
  ['logBatch', { run_id: inAcc.run(1), params: [{ key: 'x_prod', value: '1' }] }, "Params were already logged='[{'key': 'x_prod', 'old_value': 'a_prod', 'new_value': '1'}]'", ''],
  ['searchRuns', { experiment_ids: [inAcc.experiment], filter: 'metrics.val_acc > 1 and x.y_prod = 2' }, "Invalid entity type 'x'. In y_prod, near val_acc", ''],
  ['setRegisteredModelTag', { name: 'val', key: 'val_acc', value: '1' }, "No tag with key 'val_acc' of model 'val_acc'", "No tag with key 'val_acc' of model 'val'"],
  ['setTag', { run_id: inAcc.run(1), key: 'a', value: '/experiments/prod/x' }, "The value '/experiments/prod/x' is too long", ''],
  ['createExperiment', { name: '/experiments/acc/churn' }, "Experiment '/experiments/acc/churn' already exists", ''],
  // So do keys and values that were stored before: they name nothing.
  ['logParam', { run_id: inAcc.run(1), key: 'a', value: 'b' }, "Param with key='a' was already logged with value='top_prod'", ''],
  ['searchRuns', { experiment_ids: [inAcc.experiment] }, "Metric 'std_prod' and param top_acc", ''],
  ['searchRuns', { experiment_ids: [inAcc.experiment] }, "Invalid value 'fraud_prod'", generic],
  // Own names that the request did not say.
  ['getModelVersion', { name: 'fraud', version: '9' }, "Registered Model with name=other_acc, model 'third_acc', models:/fourth_acc/1", "Registered Model with name=other, model 'third', models:/fourth/1"],
  // The insides of the server.
  ['getRun', { run_id: inAcc.run(1) }, "[Errno 2] No such file or directory: '/srv/mlflow/artifacts/1/x'", "[Errno 2] No such file or directory: '(a file of the server)'"],
  ['getRun', { run_id: inAcc.run(1) }, 'open file:///srv/mlflow/1/x, or s3://bucket/x', 'open (a file of the server), or s3://bucket/x'],
  ['getRun', { run_id: inAcc.run(1) }, "HTTPConnectionPool(host='10.0.0.1', port=80): http://mlflow.internal:5000/x of 10.1.2.3:5432", "HTTPConnectionPool(host='(an address)', port=80): (an address) of (an address)"],
  ['getRun', { run_id: inAcc.run(1) }, 'no postgresql+psycopg2://user:word@db:5432/x', 'no (an address)'],
  ['getRun', { run_id: inAcc.run(1) }, 'See https://mlflow.org/docs/latest/x.html and /api/2.0/mlflow/runs/get.', ''],
  ['createExperiment', { name: 'a/b/c', artifact_location: 's3://acc-bucket/models/x' }, "Invalid location /x/y/z of '/a/b/c'", "Invalid location (a file of the server) of '(a file of the server)'"],
  ['setTag', { run_id: inAcc.run(1), key: 'a', value: 'http://intern/x, /home/me/x' }, 'Not http://intern/x, and not /home/me/x', ''],
  ['getRun', { run_id: inAcc.run(1) }, 'It failed.\n\tat org.mlflow.Run.get(Run.java:31)', 'It failed.'],
  ['getRun', { run_id: inAcc.run(1) }, 'It failed.\n  File "/srv/x.py", line 3', 'It failed.'],
  ['getRun', { run_id: inAcc.run(1) }, 'It failed. Error: (mysql.connector.errors.IntegrityError) fraud_prod', 'It failed.'],
]

t.test('MLflow’s errors speak of the caller’s names, and never of another’s', async (t) => {
  for (const [endpoint, fields, text, expected] of errors) {
    const { context } = grant(acc, endpoint, fields)
    t.equal(clientErrorText(text, 'X', context), expected === '' ? text : expected, text.slice(0, 100))
  }
  const promoter = grant(prod, 'getRegisteredModel', { name: 'fraud_acc' }).context
  t.equal(
    clientErrorText('Registered Model with name=fraud_acc not found', 'X', promoter),
    'Registered Model with name=fraud_acc not found',
  )
  t.equal(clientErrorText('Registered Model with name=other_acc not found', 'X', promoter), generic)
})
