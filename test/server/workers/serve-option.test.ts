import t from 'tap'
import { runCommand } from '../../../src/commands/run-command.ts'
import { small, write } from '../../fixtures/config-file.ts'

/** Runs `serve`, which must not start. */
async function run(...args: string[]) {
  const file = write('few.yaml', `${small}limits: { models: { principal: 2 } }\n`)
  let text = ''
  const code = await runCommand(['serve', '--config', file, ...args], {}, { out: () => undefined, err: (more) => (text += more) })
  return { code, text }
}

t.test('--workers takes the place of what the configuration says, and is checked like it', async (t) => {
  const { code, text } = await run('--workers', '3')
  t.equal(code, 1)
  t.match(text, 'MLFLOW_ENV_PROXY_WORKERS')
  t.match(text, 'is more than limits.models.principal (2), of which each worker has a part; write at most 2, or raise that')
})

t.test('--workers is a whole number, 1 or more', async (t) => {
  for (const count of ['0', '-1', '1.5', 'two']) {
    const { code, text } = await run('--workers', count)
    t.equal(code, 2, count)
    t.match(text, 'Write a whole number, 1 or more.')
  }
})
