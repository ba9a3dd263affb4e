import t from 'tap'
import { uploadedFileName } from '../../../src/policy/locations/uploaded-file.ts'
import { Refusal } from '../../../src/policy/reasons.ts'

/** What `_get_multipart_upload_file_name` of MLflow 3.18.0 makes of each path; null where it refuses it. */
const names: readonly (readonly [path: string, name: string | null])[] = [
  ...(['model.pkl', '/tmp/x/model.pkl', './model.pkl', '../out/model.pkl', '../../model.pkl', '/tmp//model.pkl'] as const).map(
    (path) => [path, 'model.pkl'] as const,
  ),
  ...['C:\\Users\\me\\model.pkl', 'c:/x/model.pkl', 'C:model.pkl', '\\\\server\\share\\x\\model.pkl', '..\\model.pkl'].map(
    (path) => [path, 'model.pkl'] as const,
  ),
  ['~/x', 'x'],
  ['file:///etc/passwd', 'passwd'],
  ['/tmp/a b.txt', 'a b.txt'],
  ['/tmp/a%20b.txt', 'a b.txt'],
  ['/tmp/100%.txt', '100%.txt'],
  ['/x/a%2Fb.txt', 'b.txt'],
  ['a%252Fb.txt', 'b.txt'],
  ['a%5Cb.txt', 'b.txt'],
  ['http%3A%2F%2Fx%2Fa.csv', 'a.csv'],
  ...['', '/', '\\', '/tmp/', 'C:\\', '.', '..', '/tmp/.', '/tmp/..', 'C:..', 'C:\\x\\..'].map((path) => [path, null] as const),
  ...['%2e%2e', '%252e%252e', 'x/%2e', 'x/..%2f..', 'x%5C..', '..%5C..%5Cx', '/x/%2Fetc', 'C%3A%5Cx'].map(
    (path) => [path, null] as const,
  ),
]

t.test('A file is stored under the last part of the path that it has on the client', async (t) => {
  for (const [path, name] of names) {
    if (name === null) t.throws(() => uploadedFileName(path), Refusal, JSON.stringify(path))
    else t.equal(uploadedFileName(path), name, JSON.stringify(path))
  }
})
