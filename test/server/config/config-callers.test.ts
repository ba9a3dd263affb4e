import t from 'tap'
import { describeConfig } from '../../../src/server/config/config-summary.ts'
import { base, load, problemsOf } from '../../fixtures/config-file.ts'

const upstream = 'upstream: { url: "http://127.0.0.1:5001" }\n'
const entra = 'tenantId: 11111111-2222-3333-4444-555555555555, audiences: [a]'

t.test('readers, required groups and guests are what the file says, and check says it', async (t) => {
  const config = load(
    `${upstream}authentication: { requiredGroups: [apps_all], entra: { ${entra}, guests: accept } }\nenvironments: { acc: { readers: [auditors] } }\n`,
  )
  t.match(config, { requiredGroups: ['apps_all'], authentication: { entra: { guests: 'accept' } } })
  t.match(config.environments, [{ groups: ['apps_acc'], readers: ['auditors'] }])
  const said = describeConfig(config)
  for (const sentence of [
    /required +every caller must be in apps_all\n/,
    /guests +of tenant 11111111-2222-3333-4444-555555555555 are accepted\n/,
    /readers +callers with the role or group auditors read and search only\n/,
    /apps_all: without a directory, whoever is taken out of it can work until their token expires/,
  ])
    t.match(said, sentence)
})

t.test('none of them is there by default', async (t) => {
  const config = load(`${base}environments: [acc]\n`)
  t.equal(config.requiredGroups, undefined)
  t.equal(config.authentication.entra?.guests, undefined)
  t.equal(config.environments[0]?.readers, undefined)
  t.notMatch(describeConfig(config), /readers|required|guests/)
})

t.test('wrong values are refused where they stand', async (t) => {
  const refused = [
    [`{ requiredGroups: apps_all, entra: { ${entra} } }`, 'authentication.requiredGroups'],
    [`{ requiredGroups: ["*"], entra: { ${entra} } }`, 'authentication.requiredGroups[0]'],
    [`{ requiredGroups: [a, a], entra: { ${entra} } }`, 'authentication.requiredGroups[1]'],
    [`{ entra: { ${entra}, guests: some } }`, 'authentication.entra.guests'],
  ] as const
  for (const [authentication, path] of refused) {
    const problems = problemsOf(`${upstream}authentication: ${authentication}\nenvironments: [acc]\n`)
    t.same(
      problems.map((problem) => problem.path),
      [path],
      authentication,
    )
  }
})
