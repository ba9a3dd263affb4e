// biome-ignore-all format: one request a row
import type { Attack } from './attack.ts'

const api = '/api/2.0/mlflow'
const encode = (text: string) => encodeURIComponent(text).replaceAll('%7B', '{').replaceAll('%7D', '}')

const nameFilters: readonly string[] = [
  "name = '{{m_prod}}'", "name LIKE '%'", "name ILIKE '%'", "name LIKE '%prod%'", "name LIKE '%prod'", "name ILIKE '%PROD'", "name LIKE 'fraud_prod'", "name LIKE 'fraud_____'", "name LIKE '____________'", "name != 'fraud'", "name != '{{m_prod}}'", "name LIKE ''",
  "name IN ('{{m_prod}}')", "name IN ('fraud', '{{m_prod}}')", "name NOT IN ('x')", 'name = "{{m_prod}}"', "`name` = '{{m_prod}}'", "attribute.name = '{{m_prod}}'", "attributes.name = '{{m_prod}}'", "attr.name LIKE '%prod'", "Name = '{{m_prod}}'", "NAME LIKE '%prod'", "attribute.`name` LIKE '%'",
  "name = '{{m_prod}}' AND name LIKE '%'", "name LIKE '%' AND name LIKE '%prod'", "name = 'fraud' OR name = '{{m_prod}}'", "name = 'fraud' or 1=1", "(name = '{{m_prod}}')", "NOT name = 'x'", "name = 'x' UNION SELECT 1", "name = 'x'; name = '{{m_prod}}'", "name = 'x' -- ", "name = 'x' /*", "name = 'x' #", "name = 'x\\' OR name LIKE '%",
  "name = 'x'' OR name LIKE ''%'", "name LIKE '%\\_prod'", "name LIKE '%_prod' ESCAPE '\\'", "name > 'a'", "name <= 'zzz'", "name RLIKE '.*prod'", "name = 1", "name LIKE '%%%%%%%%%%%%%%%%%%%%%%%prod'", "tags.note = 'x'", "tags.`mlflow.x` LIKE '%'", "name\u00a0LIKE\u00a0'%'", "name\nLIKE\n'%prod'", 'name LIKE "%\'%"', "name IS NULL", "name IS NOT NULL",
  "name = '/experiments/prod/churn'", "name LIKE '/experiments/prod/%'", "name LIKE '/experiments/%/churn'", "name LIKE '/experiments/acc/../prod/%'", "name = '{{e_prod}}'", "name LIKE '_experiments_prod_churn'", "'name' = '{{m_prod}}'", "name = name", "1 = 1", "name =", "name", "AND", "name = 'x' AND", "'", '"', '`', "name = '\u0000'", `name = '${'a'.repeat(2000)}'`,
  "name LIKE '%' AND tags.a IS NULL", "alias = 'champ'", "aliases.champ = '1'", "description LIKE '%wolverine%'", "name = 'fraud\u200b_prod'", "name = 'fra\u0308ud_prod'", "name = ' {{m_prod}}'", "name = '{{m_prod}} '",
]

const versionFilters: readonly string[] = [
  "run_id = '{{run_prod}}'", "run_id IN ('{{run_prod}}')", "run_id IN ('{{run_acc}}', '{{run_prod}}')", "run_id LIKE '%'", "run_id ILIKE '%'", "source_path LIKE '%'", "source_path = '{{uri_prod}}/model'", "source_path LIKE '%{{run_prod}}%'", "source = 'models:/{{m_prod}}/1'", "source_path = 'models:/{{m_prod}}/1'", "version_number > 0", "version_number >= 1",
  "current_stage = 'Production'", "stage = 'Production'", "tags.note LIKE '%'", "status = 'READY'", "creation_timestamp > 0", "attribute.run_id = '{{run_prod}}'", "run_id = '{{run_prod}}' AND name = '{{m_prod}}'", "run_id = '{{run_prod}}' AND name LIKE '%'", "name = 'fraud' AND name = '{{m_prod}}'",
]

const runFilters: readonly string[] = [
  "params.word LIKE '%wolverine%'", "attributes.run_id = '{{run_prod}}'", "attributes.run_id IN ('{{run_prod}}', '{{run_acc}}')", "run_id != 'x'", "tags.note LIKE '%prod'", "attributes.experiment_id = '{{exp_prod}}'", "experiment_id IN ('{{exp_prod}}')", "attributes.run_name LIKE '%prod'", "tags.`mlflow.parentRunId` = '{{run_prod}}'",
  "metrics.loss > 0", "params.word = 'x' OR params.word LIKE '%'", "datasets.name = 'x'", "attributes.artifact_uri LIKE '%{{run_prod}}%'", "tags.note = 'x') OR (1=1", "run_id IN (SELECT run_uuid FROM runs)",
]

const orders = ['name', 'name DESC', 'name ASC, creation_timestamp', 'last_updated_timestamp DESC', 'timestamp', '(SELECT 1)', 'name; DROP TABLE x', 'CASE WHEN 1 THEN name END', 'name COLLATE NOCASE', '1', "'{{m_prod}}'", 'tags.note DESC', 'name NULLS LAST', '']

/** What has pages and is no search: MLflow fails with a 500 on tokens that it did not make. */
const paged = [
  `${api}/metrics/get-history?run_id={{run_acc}}&metric_key=loss`, '/api/3.0/mlflow/datasets/{{ds_acc}}/records?max_results=1', '/api/3.0/mlflow/label-schemas/list?experiment_id={{exp_acc}}',
  '/api/3.0/mlflow/review-queues/list?experiment_id={{exp_acc}}', '/api/3.0/mlflow/review-queues/items/list?queue_id={{rq_acc}}',
]

const get = (name: string, path: string, extra: Partial<Attack> = {}): Attack => ({ name, method: 'GET', path: `${api}${path}`, status: [200, 400], ...extra })

/** Searches that reach for foreign rows, for counts of them, or for what a filter can tell of them. */
export const searchAttacks: readonly Attack[] = [
  ...nameFilters.flatMap((filter): Attack[] => [
    get(`models with ${filter}`, `/registered-models/search?filter=${encode(filter)}`),
    get(`versions with ${filter}`, `/model-versions/search?filter=${encode(filter)}`),
    get(`experiments with ${filter}`, `/experiments/search?max_results=100&filter=${encode(filter)}`),
    { name: `experiments by POST with ${filter}`, method: 'POST', path: `/ajax-api/2.0/mlflow/experiments/search`, json: { filter, max_results: 100, view_type: 'ALL' }, status: [200, 400] },
  ]),
  ...versionFilters.map((filter) => get(`versions with ${filter}`, `/model-versions/search?filter=${encode(filter)}`)),
  ...versionFilters.filter((filter) => filter.includes('prod')).map((filter) => get(`versions with ${filter}, as of absent things`, `/model-versions/search?filter=${encode(filter)}`, { twin: true })),
  ...runFilters.flatMap((filter): Attack[] => [
    { name: `runs with ${filter}`, method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: ['{{exp_acc}}'], filter }, status: [200, 400], twin: filter.includes('_prod') },
    { name: `runs of both with ${filter}`, method: 'POST', path: `/ajax-api/2.0/mlflow/runs/search`, json: { experiment_ids: ['{{exp_prod}}', '{{exp_acc}}'], filter, run_view_type: 'ALL' }, status: [200, 400] },
    { name: `runs of nowhere with ${filter}`, method: 'POST', path: `${api}/runs/search`, json: { filter }, status: [200, 400] },
    { name: `logged models with ${filter}`, method: 'POST', path: `${api}/logged-models/search`, json: { experiment_ids: ['{{exp_acc}}', '{{exp_prod}}'], filter }, status: [200, 400] },
  ]),
  ...orders.flatMap((order): Attack[] => [
    get(`models by ${order}`, `/registered-models/search?order_by=${encode(order)}`),
    get(`versions by ${order}`, `/model-versions/search?order_by=${encode(order)}`),
    get(`experiments by ${order}`, `/experiments/search?max_results=50&order_by=${encode(order)}`),
    { name: `runs by ${order}`, method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: ['{{exp_acc}}'], order_by: [order] }, status: [200, 400] },
    { name: `logged models by ${order}`, method: 'POST', path: `${api}/logged-models/search`, json: { experiment_ids: ['{{exp_acc}}'], order_by: [{ field_name: order }] }, status: [200, 400] },
  ]),
  ...['eyJvZmZzZXQiOiAwfQ==', 'eyJvZmZzZXQiOjF9', 'eyJvZmZzZXQiOi0xfQ==', 'x', 'AAAA', '%E2%80%8B', '%00', 'null', '0', 'a'.repeat(4000)].flatMap((token): Attack[] => [
    get(`models from page ${token.slice(0, 20)}`, `/registered-models/search?page_token=${token}`, { status: [400], unheard: false }),
    get(`versions from page ${token.slice(0, 20)}`, `/model-versions/search?page_token=${token}`, { status: [400] }),
    get(`experiments from page ${token.slice(0, 20)}`, `/experiments/search?max_results=5&page_token=${token}`, { status: [400] }),
    { name: `runs from page ${token.slice(0, 20)}`, method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: ['{{exp_acc}}'], page_token: token }, status: [400] },
    { name: `logged models from page ${token.slice(0, 20)}`, method: 'POST', path: `${api}/logged-models/search`, json: { experiment_ids: ['{{exp_acc}}'], page_token: token }, status: [400] },
    ...paged.map((path): Attack => ({ name: `page ${token.slice(0, 20)} of ${path}`, method: 'GET', path: `${path}&page_token=${token}`, status: [400] })),
  ]),
  ...['0', '-1', '1', '2', '100', '1000', '1001', '50000', '50001', '200001', '999999999999999999999', '1.5', 'x', '', '01', '1e3', '%201', 'NaN'].flatMap((size): Attack[] => [
    get(`models, ${size} of them`, `/registered-models/search?max_results=${size}`),
    get(`versions, ${size} of them`, `/model-versions/search?max_results=${size}`),
    get(`experiments, ${size} of them`, `/experiments/search?max_results=${size}`),
  ]),
  ...['ALL', 'DELETED_ONLY', 'ACTIVE_ONLY', 'all', '3', 'NONE'].flatMap((view): Attack[] => [
    get(`experiments viewed ${view}`, `/experiments/search?max_results=100&view_type=${view}`),
    { name: `runs viewed ${view}`, method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: ['{{exp_acc}}', '{{exp_prod}}'], run_view_type: view }, status: [200, 400] },
  ]),
  ...['/registered-models/search', '/model-versions/search', '/experiments/search?max_results=1000'].flatMap((path): Attack[] => [
    get(`all of ${path}`, path, { status: [200] }),
    { ...get(`all of ${path} for the UI`, path, { status: [200] }), path: `/ajax-api/2.0/mlflow${path}` },
    { ...get(`all of ${path} in the environment`, path, { status: [200] }), path: `/env/acc/api/2.0/preview/mlflow${path}` },
  ]),
  ...['run_id', 'metadata', '__class__', 'artifact_location', 'tags', ''].flatMap((field): Attack[] => [
    { name: `logged models by the attribute ${field}`, method: 'POST', path: `${api}/logged-models/search`, json: { experiment_ids: ['{{exp_acc}}'], filter: `${field} = 'x'` }, status: [400] },
    { name: `logged models in the order of ${field}`, method: 'POST', path: `${api}/logged-models/search`, json: { experiment_ids: ['{{exp_acc}}'], order_by: [{ field_name: field }] }, status: [400] },
  ]),
  { name: 'runs of no experiment', method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: [] }, status: [200, 400] },
  { name: 'runs of nothing', method: 'POST', path: `${api}/runs/search`, json: {}, status: [200, 400] },
  { name: 'logged models of nothing', method: 'POST', path: `${api}/logged-models/search`, json: {}, status: [200, 400] },
  { name: 'experiments of old clients', method: 'GET', path: `${api}/experiments/list`, status: [404] },
  { name: 'models of old clients', method: 'GET', path: `${api}/registered-models/list`, status: [404] },
  { name: 'runs of the server default', method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13'] }, status: [200] },
]
