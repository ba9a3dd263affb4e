import t from 'tap'
import { PathTree } from '../../../src/policy/endpoints/path-tree.ts'

function tree(...templates: (string | [template: string, multiSegment: string])[]): PathTree<string> {
  const made = new PathTree<string>()
  for (const each of templates) {
    const [template, multiSegment] = typeof each === 'string' ? [each, null] : each
    made.add(template, multiSegment, template)
  }
  return made
}

t.test('paths are found by what templates say letter by letter, and by their parameters', async (t) => {
  const paths = tree('/', '/traces', '/traces/search', '/traces/{trace_id}', '/traces/{trace_id}/info', '/{name}/info')
  for (const [path, template] of [
    ['/', '/'],
    ['/traces', '/traces'],
    ['/traces/search', '/traces/search'],
    ['/traces/tr-1', '/traces/{trace_id}'],
    ['/traces/search/info', '/traces/{trace_id}/info'],
    ['/traces/info', '/traces/{trace_id}'],
    ['/runs/info', '/{name}/info'],
  ] as const)
    t.equal(paths.find(path), template, path)
  for (const path of ['', '/traces/', '/traces//info', '/Traces', '/runs', '/traces/a/b', '/traces/a/info/', 'traces'])
    t.equal(paths.find(path), undefined, path)
})

t.test('several segments may be none, and end nothing before their slash', async (t) => {
  const paths = tree(['/files/{path}', 'path'], '/files/{id}/info', ['/files/{id}/parts/{path}', 'path'])
  t.equal(paths.find('/files/'), '/files/{path}')
  t.equal(paths.find('/files/a/b/c'), '/files/{path}')
  t.equal(paths.find('/files/a/info'), '/files/{id}/info')
  t.equal(paths.find('/files/a/info/b'), '/files/{path}', 'nothing is shadowed by what goes on in another way')
  t.equal(paths.find('/files/a/parts/b/c'), '/files/{id}/parts/{path}')
  t.equal(paths.find('/files'), undefined)
})

t.test('a parameter may stand for a part of a segment', async (t) => {
  const paths = tree('/models/{name}', '/models/{name}:predict', '/models/{name}:explain', '/skills/@{owner}/{name}')
  t.equal(paths.find('/models/a:predict'), '/models/{name}:predict')
  t.equal(paths.find('/models/a:explain'), '/models/{name}:explain')
  t.equal(paths.find('/models/a:train'), '/models/{name}')
  t.equal(paths.find('/models/:predict'), '/models/{name}', 'a parameter is never empty')
  t.equal(paths.find('/skills/@me/x'), '/skills/@{owner}/{name}')
  t.equal(paths.find('/skills/me/x'), undefined)
})

t.test('the first value for a path counts', async (t) => {
  const paths = tree('/traces/{request_id}', '/traces/{trace_id}')
  t.equal(paths.find('/traces/x'), '/traces/{request_id}')
})
