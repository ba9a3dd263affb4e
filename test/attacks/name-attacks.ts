// biome-ignore-all format: one request a row
import type { Attack } from './attack.ts'

const api = '/api/2.0/mlflow'
type Row = readonly [name: string, method: string, path: string, json?: unknown]

const modelActions: readonly Row[] = [
  ['read a model', 'GET', '/registered-models/get?name={{m_prod}}'],
  ['rename a model', 'POST', '/registered-models/rename', { name: '{{m_prod}}', new_name: 'stolen' }],
  ['rename a model there', 'POST', '/registered-models/rename', { name: 'spare', new_name: '{{m_prod}}' }],
  ['describe a model', 'PATCH', '/registered-models/update', { name: '{{m_prod}}', description: 'x' }],
  ['delete a model', 'DELETE', '/registered-models/delete', { name: '{{m_prod}}' }],
  ['create a model', 'POST', '/registered-models/create', { name: '{{m_prod}}' }],
  ['tag a model', 'POST', '/registered-models/set-tag', { name: '{{m_prod}}', key: 'a', value: 'b' }],
  ['untag a model', 'DELETE', '/registered-models/delete-tag', { name: '{{m_prod}}', key: 'a' }],
  ['alias a model', 'POST', '/registered-models/alias', { name: '{{m_prod}}', alias: 'champ', version: '2' }],
  ['delete an alias', 'DELETE', '/registered-models/alias', { name: '{{m_prod}}', alias: 'champ' }],
  ['read an alias', 'GET', '/registered-models/alias?name={{m_prod}}&alias=champ'],
  ['read the latest versions', 'GET', '/registered-models/get-latest-versions?name={{m_prod}}'],
  ['ask for the latest versions', 'POST', '/registered-models/get-latest-versions', { name: '{{m_prod}}', stages: ['Production'] }],
  ['read a version', 'GET', '/model-versions/get?name={{m_prod}}&version=1'],
  ['describe a version', 'PATCH', '/model-versions/update', { name: '{{m_prod}}', version: '1', description: 'x' }],
  ['delete a version', 'DELETE', '/model-versions/delete', { name: '{{m_prod}}', version: '1' }],
  ['move a version', 'POST', '/model-versions/transition-stage', { name: '{{m_prod}}', version: '1', stage: 'Archived', archive_existing_versions: false }],
  ['tag a version', 'POST', '/model-versions/set-tag', { name: '{{m_prod}}', version: '1', key: 'a', value: 'b' }],
  ['untag a version', 'DELETE', '/model-versions/delete-tag', { name: '{{m_prod}}', version: '1', key: 'a' }],
  ["ask for a version's place", 'GET', '/model-versions/get-download-uri?name={{m_prod}}&version=1'],
  ['create a version', 'POST', '/model-versions/create', { name: '{{m_prod}}', source: '{{uri_acc}}/model', run_id: '{{run_acc}}' }],
]

const experimentActions: readonly Row[] = [
  ['read an experiment by its name', 'GET', '/experiments/get-by-name?experiment_name={{e_prod}}'],
  ['create an experiment', 'POST', '/experiments/create', { name: '{{e_prod}}' }],
  ['rename an experiment there', 'POST', '/experiments/update', { experiment_id: '{{spare_acc}}', new_name: '{{e_prod}}' }],
]

const bases = [api, '/ajax-api/2.0/mlflow', '/api/2.0/preview/mlflow', '/env/acc/api/2.0/mlflow']

const attack = (base: string, status: readonly number[], extra: Partial<Attack> = {}) => ([name, method, path, json]: Row): Attack => ({
  name: `${name} under ${base}`, method, path: `${base}${path}`, ...(json === undefined ? {} : { json }), status, ...extra,
})

/** Model names that must not become anything: they lie in another environment, in two, or can be read in two ways. */
const refusedModels: readonly string[] = [
  'x_prod', '_prod', '_acc', 'x_prod_acc', 'x_acc_prod', 'fraud_prod ', ' fraud', 'fraud ', 'fraud\t', 'fraud\n', '\u00a0fraud', 'fraud\u200b', 'fr\u200baud_prod',
  'fraud_prod\u200b', '\ufefffraud', 'fraud\u202e', 'fraud\u0000', 'fraud_prod\u0000', '', '.', '..', '../fraud_prod', 'a/../fraud_prod', 'fraud\u2028',
  'fraud\u00ad', 'fraud\u2060_prod', 'fraud_prod_prod', 'a_acc_acc',
]

/** Experiment names that must not become anything. */
const refusedExperiments: readonly string[] = [
  '/experiments/prod/stolen', '/experiments/prod', '/experiments/acc', 'experiments/prod/x', 'experiments/prod', '//experiments/prod/x', '/experiments//prod/x', '/experiments/prod//x',
  '/experiments/acc/../prod/x', '../prod/x', 'a/../../prod/x', './x', 'a/./b', '/experiments/./prod/x', 'x ', ' x', 'x/', 'x//y', '/experiments/prod/x ', ' /experiments/prod/x',
  '/experiments/acc//experiments/prod/x', '/experiments/acc/experiments/prod/x', '/experiments/acc//x', '\u200b/experiments/prod/x', '/experiments/prod/\u200bx', 'x\u0000', 'x\n',
  '/ experiments/prod/x', '/experiments /prod/x', '/experiments/prod /x', '', '/', '//', '/experiments/acc/', 'x\ufeff', '/experiments/acc/experiments/acc/x',
]

/** Names that look like another environment's to a person, and are the caller's own to MLflow. */
const ownLookalikes: readonly string[] = ['fraud_\u0440rod', 'fraud_PROD', 'fraud\uff3fprod', 'fraud%5fprod', 'fraud-prod', 'fraudprod', "x'; DROP TABLE model_versions;--_prod'", 'fraud\\_prod2']

const stored = (suffix: string) => (_body: string, heard: readonly { readonly method: string; readonly body: string }[]) => {
  const written = heard.filter(({ method }) => method !== 'GET')
  const named = written.map(({ body }): unknown => Reflect.get(JSON.parse(Buffer.from(body, 'latin1').toString('utf8')), 'name'))
  return named.every((name) => typeof name === 'string' && name.endsWith(suffix)) ? null : `stored as ${named.join()}`
}

/** Names of another environment, in every endpoint and every spelling. */
export const nameAttacks: readonly Attack[] = [
  ...modelActions.map(attack(api, [403], { unheard: true })),
  ...bases.slice(1).flatMap((base, index) => modelActions.filter((_row, row) => row % 3 === index).map(attack(base, [403], { unheard: true }))),
  ...experimentActions.map(attack(api, [403])),
  ...experimentActions.map(attack('/env/acc/ajax-api/2.0/mlflow', [403])),
  ...refusedModels.flatMap((name): Attack[] => [
    { name: `create the model ${JSON.stringify(name)}`, method: 'POST', path: `${api}/registered-models/create`, json: { name }, status: [400, 403], unheard: true },
    { name: `rename to the model ${JSON.stringify(name)}`, method: 'POST', path: `${api}/registered-models/rename`, json: { name: 'spare', new_name: name }, status: [400, 403], unheard: true },
  ]),
  ...refusedModels.filter((name) => name !== '').map((name): Attack => (
    { name: `read the model ${JSON.stringify(name)}`, method: 'GET', path: `${api}/registered-models/get?name=${encodeURIComponent(name)}`, status: [400, 403], unheard: true }
  )),
  ...refusedExperiments.flatMap((name): Attack[] => [
    { name: `create the experiment ${JSON.stringify(name)}`, method: 'POST', path: `${api}/experiments/create`, json: { name }, status: [400, 403], unheard: true },
    { name: `read the experiment ${JSON.stringify(name)}`, method: 'GET', path: `${api}/experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`, status: [400, 403], unheard: true },
  ]),
  ...refusedExperiments.filter((name) => name !== '').map((name): Attack => (
    { name: `rename to the experiment ${JSON.stringify(name)}`, method: 'POST', path: `${api}/experiments/update`, json: { experiment_id: '{{spare_acc}}', new_name: name }, status: [400, 403] }
  )),
  ...ownLookalikes.map((name): Attack => ({ name: `create the lookalike ${JSON.stringify(name)}`, method: 'POST', path: `${api}/registered-models/create`, json: { name }, status: [200, 400], check: stored('_acc') })),
  { name: 'rename the default experiment', method: 'POST', path: `${api}/experiments/update`, json: { experiment_id: '0', new_name: 'mine' }, status: [400] },
  { name: 'rename the default experiment by its real id', method: 'POST', path: `${api}/experiments/update`, json: { experiment_id: '{{default_acc}}', new_name: 'mine' }, status: [400] },
  { name: "an experiment's location in prod's run", method: 'POST', path: `${api}/experiments/create`, json: { name: 'placed', artifact_location: '{{uri_prod}}' }, status: [400, 403] },
  ...['mlflow-artifacts:/1', 'mlflow-artifacts:/', 's3://bucket/prod', 'file:///etc', '/etc', 'dbfs:/x', 'http://127.0.0.1/x', 'mlflow-artifacts:/{{exp_acc}}', './x', '../x', 'C:\\x', 'mlflow-artifacts://host/1', 'MLFLOW-ARTIFACTS:/1', 'file:/etc', 'runs:/x', 'models:/x/1'].map((location): Attack => (
    { name: `an experiment's location ${location}`, method: 'POST', path: `${api}/experiments/create`, json: { name: 'placed', artifact_location: location }, status: [400, 403] }
  )),
  ...['legacy', 'fraudXprod', 'fraud_acc_old', 'fraud_accx'].map((name): Attack => (
    { name: `read nobody's model ${name}`, method: 'GET', path: `${api}/registered-models/get?name=${name}`, status: [404] }
  )),
]
