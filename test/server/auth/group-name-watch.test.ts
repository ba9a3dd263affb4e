import { setImmediate as settled } from 'node:timers/promises'
import t from 'tap'
import { type Directory, withDirectory } from '../../../src/server/auth/directory.ts'
import { GroupNames } from '../../../src/server/auth/group-name-watch.ts'
import { tenantId } from '../../fakes/issuer.ts'

const id = 'aaaaaaaa-0000-4000-8000-000000000001'
const validity = { issuedAt: 0, notBefore: 0, expiresAt: 1 }
const caller = (tenant: string, ...groups: string[]) => {
  const principal = { tenantId: tenant, objectId: 'o', kind: 'user' as const, groups }
  return { authenticate: async () => ({ principal, overage: false, audience: 'a', validity }) }
}

t.test('names stand beside object ids once the directory has answered, and are unknown before', async (t) => {
  let works = false
  const due: (() => void)[] = []
  const waits: number[] = []
  const reports: [number, string | null][] = []
  const names = new GroupNames({
    resolve: async () => {
      if (!works) throw new Error('down')
      return [
        { name: 'apps_acc', id, problem: null },
        { name: 'apps_prod', id: null, problem: 'two of them' },
      ]
    },
    report: (found, problem) => reports.push([found.length, problem]),
    later: (work, wait) => {
      waits.push(wait)
      due.push(work)
      return () => {}
    },
  })
  await settled()
  const directory: Directory = {
    serves: ({ principal }) => principal.tenantId === tenantId,
    groupsOf: async () => [],
    named: (groups) => names.add(groups),
  }
  const enter = (...groups: string[]) => withDirectory(caller(tenantId, ...groups), directory).authenticate([])
  t.match(await enter(id), { unknownGroups: { reason: 'upstream-unavailable', message: /not been found.*yet/ } })
  due.shift()?.()
  await settled()
  works = true
  due.shift()?.()
  await settled()
  t.same(waits, [1_000, 5_000])
  t.same(reports, [
    [0, 'down'],
    [0, 'down'],
    [2, null],
  ])
  t.equal(names.ready, true)
  const { principal, unknownGroups } = await enter(id.toUpperCase(), 'role')
  t.same(principal.groups, [id.toUpperCase(), 'role', 'apps_acc'])
  t.equal(unknownGroups, undefined)
  const stranger = await withDirectory(caller('https://other', id), directory).authenticate([])
  t.same(stranger.principal.groups, [id], 'an object id in the token of another issuer means nothing')
  names.close()
})
