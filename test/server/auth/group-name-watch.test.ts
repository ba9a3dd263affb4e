import { setImmediate as settled } from 'node:timers/promises'
import t from 'tap'
import { GroupNames, withGroupNames } from '../../../src/server/auth/group-name-watch.ts'
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
  const enter = (...groups: string[]) => withGroupNames(caller(tenantId, ...groups), names, tenantId).authenticate([])
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
  const stranger = await withGroupNames(caller('https://other', id), names, tenantId).authenticate([])
  t.same(stranger.principal.groups, [id], 'an object id in the token of another issuer means nothing')
  names.close()
})
