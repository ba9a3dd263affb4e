// biome-ignore-all format: one request a row
import type { Attack } from './attack.ts'

const store = '/mlflow-artifacts/artifacts'
const prod = '{{exp_prod}}/{{run_prod}}/artifacts'
const acc = '{{exp_acc}}/{{run_acc}}/artifacts'
const file = 'model/secret.txt'
const refused = [400, 403, 404]

/** Ways to write the path of prod's file. */
const spellings: readonly string[] = [
  `${prod}/${file}`, `./${prod}/${file}`, `${prod}/./${file}`, `${prod}/model/../model/secret.txt`, `%2e/${prod}/${file}`, `${prod}/${file}/`, `${prod}//${file}`, `/${prod}/${file}`,
  `{{exp_prod}}%2f{{run_prod}}%2fartifacts%2f${file}`, `{{exp_prod}}%252f{{run_prod}}/artifacts/${file}`, `{{exp_prod}}%25252f{{run_prod}}/artifacts/${file}`, `%3{{exp_prod}}/{{run_prod}}/artifacts/${file}`, `%2531%2530/{{run_prod}}/artifacts/${file}`, `%31%30/{{run_prod}}/artifacts/${file}`,
  `%252531%252530/{{run_prod}}/artifacts/${file}`, `${acc}/../../../${prod}/${file}`, `${acc}/%2e%2e/%2e%2e/%2e%2e/${prod}/${file}`, `${acc}/%252e%252e/%252e%252e/%252e%252e/${prod}/${file}`, `${acc}/..%2f..%2f..%2f${prod}/${file}`, `${acc}/..%252f..%252f..%252f${prod}/${file}`,
  `${acc}/..%5c..%5c..%5c${prod}/${file}`, `${acc}/..\\..\\..\\${prod}/${file}`, `${prod}/${file}%00`, `${prod}/${file}%0a`, `${prod}/${file}%20`, `${prod}/${file}%23`, `${prod}/${file}%3f`, `${prod}/${file};x`, `${prod}/${file}#x`, `${prod}/${file}?x=1`,
  `0{{exp_prod}}/{{run_prod}}/artifacts/${file}`, `+{{exp_prod}}/{{run_prod}}/artifacts/${file}`, `%20{{exp_prod}}/{{run_prod}}/artifacts/${file}`, `{{exp_prod}}.0/{{run_prod}}/artifacts/${file}`, `{{exp_prod}}%20/{{run_prod}}/artifacts/${file}`, `%EF%BC%91%EF%BC%90/{{run_prod}}/artifacts/${file}`,
  `{{exp_acc}}/{{run_prod}}/artifacts/${file}`, `{{exp_prod}}/{{run_acc}}/artifacts/${file}`, `0/{{run_prod}}/artifacts/${file}`, `{{exp_prod}}/models/{{lm_prod}}/artifacts/MLmodel`, `{{exp_acc}}/models/{{lm_prod}}/artifacts/MLmodel`, `{{exp_prod}}/traces/{{tr_prod}}/artifacts/traces.json`,
  '9223372036854775808', '{{exp_prod}}', '{{exp_prod}}/', '{{exp_prod}}/{{run_prod}}', '{{exp_prod}}/models', '{{exp_prod}}/models/{{lm_prod}}', '{{exp_prod}}/{{run_prod}}/artifacts', '..', '../mlflow.db', '%2e%2e/mlflow.db', '%252e%252e/mlflow.db', '..%2fmlflow.db', '....//mlflow.db', '.', '%2e', '/', '%2f', '//', '%00', '~', '~root', 'file:/etc/passwd',
  'mlflow-artifacts:/{{exp_prod}}', 'C:/x', 'etc/passwd', '/etc/passwd', '%2fetc%2fpasswd', `${acc}/%ff`, `${acc}/%c0%ae%c0%ae/x`,
]

const prefixes = ['/api/2.0', '/ajax-api/2.0']
const queryOf = (path: string) => encodeURIComponent(path).replaceAll('%7B', '{').replaceAll('%7D', '}')

function everyDoor(path: string, index: number): Attack[] {
  const base = prefixes[index % 2]
  const inAcc = path.startsWith('{{exp_acc}}') && !path.includes('prod')
  const changes = path.includes('?') ? refused : [400, 403, 404, 405]
  return [
    { name: `download ${path}`, method: 'GET', path: `${base}${store}/${path}`, status: refused },
    { name: `HEAD of ${path}`, method: 'HEAD', path: `${base}${store}/${path}`, status: refused },
    { name: `upload to ${path}`, method: 'PUT', path: `${base}${store}/${path}`, text: 'taken over', status: changes },
    { name: `delete ${path}`, method: 'DELETE', path: `${base}${store}/${path}`, status: changes },
    ...(inAcc ? [] : [{ name: `list ${path}`, method: 'GET', path: `${base}${store}?path=${queryOf(path)}`, status: refused }]),
    { name: `list a run's artifacts below ${path}`, method: 'GET', path: `${base}/mlflow/artifacts/list?run_id={{run_prod}}&path=${queryOf(path)}`, status: refused },
  ]
}

const climbing = ['..', '../..', '%2e%2e', '%252e%252e', 'model/../..', '..%2f..', 'model\\..', '%2fetc', 'model/%00', '..', 'ü'.repeat(128)]
/** Names of files to a multipart upload, and climbs to all else. */
const localFiles = ['/etc', '//etc', '../../../{{exp_prod}}/{{run_prod}}/artifacts']

/** Paths in the artifact store, and the routes that lead there. */
export const artifactAttacks: readonly Attack[] = [
  ...spellings.flatMap(everyDoor),
  ...['%E2%80%A5/x', '%EF%BC%8E%EF%BC%8E/%EF%BC%8E%EF%BC%8E/x'].map((path): Attack => ({ name: `download ${path}`, method: 'GET', path: `/api/2.0${store}/${acc}/${path}`, status: refused })),
  { name: 'list the root', method: 'GET', path: `/api/2.0${store}`, status: [403, 404] },
  { name: 'list the root by a bare question mark', method: 'GET', path: `/api/2.0${store}?`, status: [403, 404] },
  { name: 'list the root with a slash', method: 'GET', path: `/api/2.0${store}/`, status: refused },
  { name: 'list the root by an empty path', method: 'GET', path: `/ajax-api/2.0${store}?path=`, status: [403, 404] },
  { name: 'list the root by a body', method: 'GET', path: `/api/2.0${store}`, json: { path: '.' }, status: refused },
  { name: 'delete the root', method: 'DELETE', path: `/api/2.0${store}/`, status: [400, 404, 405] },
  ...[...climbing, ...localFiles].flatMap((path): Attack[] => [
    { name: `list an own run's artifacts in ${path}`, method: 'GET', path: `/api/2.0/mlflow/artifacts/list?run_id={{run_acc}}&path=${queryOf(path)}`, status: refused },
    { name: `list an own model's artifacts in ${path}`, method: 'GET', path: `/api/2.0/mlflow/logged-models/{{lm_acc}}/artifacts/directories?artifact_directory_path=${queryOf(path)}`, status: refused },
    ...(localFiles.includes(path) ? [] : [{ name: `a multipart upload to ${path}`, method: 'POST', path: `/api/2.0/mlflow-artifacts/mpu/create/${acc}`, json: { path, num_parts: 1 }, status: refused }]),
  ]),
  // A path on the client's own disk: its last part is stored in the own run, and the store has no parts.
  ...localFiles.map((path): Attack => (
    { name: `a multipart upload of ${path}`, method: 'POST', path: `/api/2.0/mlflow-artifacts/mpu/create/${acc}`, json: { path, num_parts: 1 }, status: [501], changes: true, twin: false, check: (_body, heard) => (heard.some(({ body }) => /"path": *"[^"]*\//.test(body)) ? 'more than the name went upstream' : null) }
  )),
  ...['create', 'complete', 'abort'].flatMap((step): Attack[] => {
    const json = { path: 'x.bin', ...(step === 'create' ? { num_parts: 1 } : { upload_id: 'x' }), ...(step === 'complete' ? { parts: [] } : {}) }
    return [prod, '{{exp_prod}}', '{{exp_prod}}/models/{{lm_prod}}/artifacts', `{{exp_acc}}/{{run_prod}}/artifacts`, `${acc}/..%2f..%2f..%2f${prod}`].map((path): Attack => ({ name: `${step} a multipart upload at ${path}`, method: 'POST', path: `/api/2.0/mlflow-artifacts/mpu/${step}/${path}`, json, status: refused }))
  }),
  ...['/get-artifact?run_id={{run_prod}}&path=model/secret.txt', '/get-artifact?run_uuid={{run_prod}}&path=model/secret.txt', '/model-versions/get-artifact?name={{m_prod}}&version=1&path=secret.txt', '/ajax-api/2.0/mlflow/get-trace-artifact?request_id={{tr_prod}}', '/ajax-api/3.0/mlflow/get-trace-artifact?request_id={{tr_prod}}', '/ajax-api/2.0/mlflow/logged-models/{{lm_prod}}/artifacts/files?artifact_file_path=MLmodel', '/api/2.0/mlflow/artifacts/presigned-download-url?run_id={{run_prod}}&path=x', '/api/2.0/mlflow-artifacts/presigned/{{exp_prod}}/x'].map((path): Attack => (
    { name: `the route ${path}`, method: 'GET', path, status: [403, 404] }
  )),
  { name: 'upload by the UI', method: 'POST', path: '/ajax-api/2.0/mlflow/upload-artifact?run_uuid={{run_prod}}&path=x', text: 'x', status: [403, 404, 400] },
  { name: 'upload beside the artifacts of an own run', method: 'PUT', path: `/api/2.0${store}/{{exp_acc}}/{{run_acc}}/x.txt`, text: 'x', status: [403, 404] },
  { name: 'upload beside the runs of an own experiment', method: 'PUT', path: `/api/2.0${store}/{{exp_acc}}/x.txt`, text: 'x', status: [403, 404] },
  { name: 'delete the folder of an own experiment', method: 'DELETE', path: `/api/2.0${store}/{{exp_acc}}`, status: [403, 404] },
  { name: 'delete the folder of an own run', method: 'DELETE', path: `/api/2.0${store}/{{exp_acc}}/{{run_acc}}`, status: [403, 404] },
  { name: 'download a folder', method: 'GET', path: `/api/2.0${store}/${acc}/model`, status: [400, 404] },
  { name: 'download the folder of an experiment', method: 'GET', path: `/api/2.0${store}/{{exp_acc}}`, status: [400, 404] },
  ...['..data', 'x..', '%%%25252e%2e', '...'].map((name): Attack => ({ name: `download ${name}`, method: 'GET', path: `/api/2.0${store}/${acc}/${name}/x`, status: refused })),
  { name: 'upload to a run that is not there', method: 'PUT', path: `/api/2.0${store}/{{exp_acc}}/${'ab'.repeat(16)}/artifacts/x`, text: 'x', status: [404] },
]
