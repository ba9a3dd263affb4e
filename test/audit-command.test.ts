import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCommand } from '../src/commands/run-command.ts'

const ana = {
  tenantId: 't',
  objectId: 'a',
  kind: 'user',
  userName: 'ana@example.com',
  applicationId: 'azure-cli',
  groups: ['apps_acc'],
}
const ci = { tenantId: 't', objectId: 'b', kind: 'application', userName: null, applicationId: 'ci', groups: ['apps_prod'] }
const fraud = (version?: string) => ({ kind: 'model', logical: 'fraud', upstream: 'fraud_acc', ...(version && { version }) })

let minute = 0
function line(who: object, endpoint: string, rest: object): string {
  const time = Date.parse('2026-11-30T14:00:00Z') + 60_000 * minute++
  const usual = {
    method: 'POST',
    environment: 'acc',
    askedEnvironment: null,
    details: null,
    decision: 'allow',
    reason: null,
    status: 200,
  }
  return JSON.stringify({
    level: 30,
    time,
    audit: true,
    schemaVersion: 1,
    ...who,
    endpoint,
    references: [fraud()],
    ...usual,
    ...rest,
  })
}

const update = { action: 'update' }
const denied = { decision: 'deny', status: 403 }
const lines = [
  '{"level":30,"msg":"listening"}',
  line(ana, 'createModelVersion', { action: 'create', references: [fraud('3')], details: { toStage: 'Staging' } }),
  line(ana, 'setRegisteredModelAlias', { ...update, references: [fraud('2')], details: { alias: 'champion' } }),
  line(ana, 'setRegisteredModelAlias', { ...update, references: [fraud('3')], details: { alias: 'champion' } }),
  line(ana, 'getModelVersionByAlias', { action: 'read', details: { alias: 'champion' } }),
  line(ana, 'transitionModelVersionStage', {
    ...denied,
    action: 'transition',
    reason: 'stage',
    references: [fraud('3')],
    details: { toStage: 'Production' },
  }),
  line(ci, 'transitionModelVersionStage', {
    action: 'transition',
    environment: 'prod',
    references: [fraud('3')],
    details: { fromStage: 'Staging', toStage: 'Production', archivesOthers: true },
  }),
  line(ci, 'transitionModelVersionStage', {
    action: 'transition',
    references: [fraud('3')],
    details: { toStage: 'None' },
    status: 500,
  }),
  line(ana, 'deleteRegisteredModelAlias', { ...update, method: 'DELETE', details: { alias: 'champion' } }),
  line(ana, 'getRun', {
    ...denied,
    action: 'read',
    reason: 'not-found',
    references: [{ kind: 'run', logical: 'r1', upstream: null }],
  }),
  line(ana, 'getRun', {
    ...denied,
    action: 'read',
    reason: 'not-found',
    references: [{ kind: 'run', logical: 'r1', upstream: null }],
  }),
  'no json "audit":true',
  line(ci, 'renameRegisteredModel', {
    ...update,
    references: [{ ...fraud(), logical: 'other', upstream: 'other_acc' }],
    details: { newName: 'risk' },
  }),
]
const folder = t.testdir()
const file = join(folder, 'audit.jsonl')
writeFileSync(file, `${lines.join('\n')}\n`)

async function run(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await runCommand(
    ['audit', ...args],
    {},
    { out: (text) => void out.push(text), err: (text) => void err.push(text) },
  )
  return { code, out: out.join(''), err: err.join('') }
}

t.test('the history of a model: which version and alias went from where to where, when and by whom', async (t) => {
  const { code, out } = await run(file, '--model', 'fraud')
  t.equal(code, 0)
  t.equal(
    out,
    `8 requests of 2 callers, 2026-11-30T14:00:00Z to 2026-11-30T14:07:00Z

History of fraud_acc
  2026-11-30T14:00:00Z  version 3: registered in Staging  by ana@example.com in acc
  2026-11-30T14:01:00Z  alias champion: version 2  by ana@example.com in acc
  2026-11-30T14:02:00Z  alias champion: version 3 (before: version 2)  by ana@example.com in acc
  2026-11-30T14:05:00Z  version 3: Staging -> Production, and archived the others there  by ci in prod
  2026-11-30T14:07:00Z  alias champion: removed (before: version 3)  by ana@example.com in acc

Refused: 1
      1  stage  ana@example.com: transitionModelVersionStage, model fraud 3, to Production, last at 2026-11-30T14:04:00Z
`,
  )
})

t.test('everything: other models, and who was refused what, the most frequent first', async (t) => {
  const { out } = await run(file)
  t.match(out, /History of other_acc\n {2}2026-11-30T14:10:00Z {2}renamed to risk {2}by ci in acc/)
  t.match(out, /Refused: 3\n {6}2 {2}not-found {2}ana@example.com: getRun, run r1, .*\n {6}1 {2}stage/)
})

t.test('lines are filtered, and printed as they are for programs', async (t) => {
  const count = async (...args: string[]) =>
    (await run(file, '--json', ...args)).out.split('\n').filter((text) => text !== '').length
  t.equal(await count(), 11)
  t.equal(await count('--model', 'fraud_acc', '--version', '2'), 1)
  t.equal(await count('--environment', 'prod'), 1)
  t.equal(await count('--who', 'CI'), 3)
  t.equal(await count('--decision', 'deny'), 3)
  t.equal(await count('--since', '2026-11-30T14:02:00Z', '--until', '2026-11-30T14:04:00Z'), 2)
  t.equal((await run(file, '--json', '--decision', 'deny')).out.split('\n')[0], lines[5])
  t.equal((await run(file, '--who', 'nobody')).out, 'No such requests.\n')
})

t.test('a wrong command line, and a file that is not there', async (t) => {
  t.match(await run(), { code: 2, err: /missing required argument 'file'/ })
  t.match(await run(file, '--since', 'yesterday'), { code: 2, err: /Write a time such as/ })
  t.match(await run(join(folder, 'none')), { code: 1, err: /cannot read .*none: ENOENT/ })
})

t.end()
