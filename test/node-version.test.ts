import { readFileSync } from 'node:fs'
import t from 'tap'
import { nodeProblem, oldestNode } from '../src/commands/node-version.ts'

t.test('a Node that is too old is told so, before anything that it lacks is imported', (t) => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  t.equal(manifest.engines.node, `>=${oldestNode}`)
  for (const version of ['18.20.8', '20.20.1', '22.18.0']) t.match(nodeProblem(version), version)
  for (const version of ['22.19.0', '22.21.1', '24.0.0', '26.1.0', process.versions.node]) t.equal(nodeProblem(version), null)
  t.end()
})
