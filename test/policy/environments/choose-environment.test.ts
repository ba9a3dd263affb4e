import fc from 'fast-check'
import t from 'tap'
import {
  chooseEnvironment,
  decidingGroups,
  environmentsOf,
  isAdministrator,
  isReader,
} from '../../../src/policy/environments/choose-environment.ts'
import type { PolicyConfig } from '../../../src/policy/environments/environment.ts'
import { makeEnvironment } from '../../fakes/fake-fact-source.ts'

const acc = makeEnvironment('acc', { readers: ['auditors'], administrators: ['admins_acc'] })
const prod = makeEnvironment('prod', { production: true, readers: ['auditors', 'apps_acc'] })
const config: PolicyConfig = { environments: [acc, prod], foldsCase: false }
const caller = (...groups: string[]) => ({ tenantId: 't', objectId: 'o', kind: 'user', groups }) as const
const namesOf = (landscape: PolicyConfig, ...groups: string[]) =>
  environmentsOf(landscape, caller(...groups)).map(({ name }) => name)

t.test('readers are in an environment, and only read unless another group of theirs says more', (t) => {
  t.same(namesOf(config, 'auditors'), ['acc', 'prod'])
  t.same(namesOf(config, 'apps_acc'), ['acc', 'prod'])
  t.equal(isReader(acc, caller('auditors')), true)
  t.equal(isReader(acc, caller('auditors', 'apps_acc')), false)
  t.equal(isReader(acc, caller('auditors', 'admins_acc')), false)
  t.equal(isReader(prod, caller('apps_acc')), true, 'a group may work in one environment and read in another')
  t.end()
})

t.test('who lacks a required group is in no environment, and is told which', (t) => {
  const strict = { ...config, requiredGroups: ['apps_all', 'staff'] }
  t.same(namesOf(strict, 'apps_acc', 'apps_all', 'staff'), ['acc', 'prod'])
  for (const groups of [['apps_acc'], ['apps_acc', 'apps_all'], ['admins_acc', 'staff'], ['auditors'], []])
    t.same(namesOf(strict, ...groups), [], groups.join())
  const refused = { reason: 'no-environment', message: /You are not in staff, without which nobody/ }
  t.throws(() => chooseEnvironment(strict, caller('apps_acc', 'apps_all'), null), refused)
  t.throws(() => chooseEnvironment(strict, caller('apps_acc', 'apps_all'), 'acc'), refused, 'and a named one makes no difference')
  t.same(namesOf(strict, 'apps_all', 'staff'), [], 'required groups alone put nobody anywhere')
  t.end()
})

t.test('object ids where names are configured: the refusal says what to do', (t) => {
  const id = '6f1f9e6c-0f5b-4c0e-9f0e-3a1d5c7b9e21'
  const refusalOf =
    (landscape: PolicyConfig, ...groups: string[]) =>
    () =>
      chooseEnvironment(landscape, caller(...groups), null)
  t.throws(refusalOf(config, id), {
    message: /groups \(6f1f.*\) belong to no environment\. Your token lists groups by their object ids.*app roles/,
  })
  const plain = { message: /Ask an administrator to add you to an environment's group\.$/ }
  t.throws(refusalOf(config, id, 'cooks'), plain, 'names are listed, too')
  t.throws(refusalOf(config), plain)
  const byId = { ...config, environments: [makeEnvironment('acc', { groups: [id.replace(/1$/, '2')] })] }
  t.throws(refusalOf(byId, id), plain, 'object ids are configured')
  t.end()
})

t.test('law: the deciding groups say the same about a caller as all of their groups', async () => {
  const groups = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 4 })
  const environment = fc.record({ groups, readers: groups, administrators: groups })
  const landscape = fc.record({ all: fc.array(environment, { maxLength: 3 }), requiredGroups: groups })
  const rolesOf = (config: PolicyConfig, principal: ReturnType<typeof caller>) =>
    environmentsOf(config, principal).map((each) => [each.name, isReader(each, principal), isAdministrator(each, principal)])
  fc.assert(
    fc.property(landscape, groups, ({ all, requiredGroups }, own) => {
      const environments = all.map((settings, index) => makeEnvironment(`env${index}`, settings))
      const strict = { ...config, environments, requiredGroups }
      const [whole, deciding] = [caller(...own), caller(...decidingGroups(strict, caller(...own)))]
      return JSON.stringify(rolesOf(strict, whole)) === JSON.stringify(rolesOf(strict, deciding))
    }),
    { numRuns: 5_000 },
  )
})
