import type { Test } from 'tap'
import type { Environment } from '../../src/policy/environments/environment.ts'
import { type FakeFacts, type Judged, judge, refusalOf, requestTo } from '../fakes/fake-fact-source.ts'
import { openSourceTenancy, type Tenancy } from '../fixtures/tenancy.ts'

type Fields = Readonly<Record<string, unknown>>

/** A request and what comes of it: `null` for a grant, otherwise the reason of the refusal and what its sentence says. */
export type CheckCase = readonly [
  caller: Environment,
  endpoint: string,
  fields: Fields,
  expected: null | readonly [reason: string, sentence: RegExp],
]

/** Judges a request of an administrator, so that only the checks at hand can refuse it. */
export function judgeIn(tenancy: Tenancy, caller: Environment, endpoint: string, fields: Fields, facts?: FakeFacts): Judged {
  const request = { ...requestTo(endpoint, fields, tenancy.mode), administrator: true }
  return judge(tenancy.config, caller, request, facts ?? tenancy.facts)
}

/** Asserts what comes of each request. */
export function assertCases(t: Test, cases: readonly CheckCase[], tenancy: Tenancy = openSourceTenancy, facts?: FakeFacts): void {
  for (const [caller, endpoint, fields, expected] of cases) {
    const refusal = refusalOf(judgeIn(tenancy, caller, endpoint, fields, facts))
    const name = `${caller.name}: ${endpoint} ${JSON.stringify(fields).slice(0, 300)}`
    t.equal(refusal?.reason ?? null, expected?.[0] ?? null, `${name}: ${refusal?.message ?? 'allowed'}`)
    if (expected !== null) t.match(refusal?.message ?? '', expected[1], name)
  }
}

/** Asserts that a foreign thing is refused with the words and after the questions of an absent one. */
export function assertAbsent(
  t: Test,
  [caller, endpoint, foreign, absent]: readonly [caller: Environment, endpoint: string, foreign: Fields, absent: Fields],
  tenancy: Tenancy = openSourceTenancy,
): void {
  const told = (fields: Fields) => {
    const judged = judgeIn(tenancy, caller, endpoint, fields)
    const texts = (JSON.stringify(fields).match(/[\w-]{2,}/g) ?? []).sort((a, b) => b.length - a.length)
    const message = texts.reduce((text, id) => text.replaceAll(id, '#'), refusalOf(judged)?.message ?? 'allowed')
    return { reason: refusalOf(judged)?.reason, message, questions: judged.questions.map(({ about }) => about) }
  }
  t.same(told(foreign), told(absent), `${endpoint}: foreign is absent`)
  t.not(told(foreign).reason, undefined, `${endpoint}: and refused`)
}
