import t from 'tap'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import type { Environment } from '../../src/policy/environments/environment.ts'
import type { Meaning } from '../../src/policy/meanings/meaning-table.ts'
import {
  type Case,
  type CrossEnvironmentCase,
  crossCaseMessage,
  isForProduction,
  promotes,
  reads,
} from '../attacks/cross-environment-case.ts'
import { crossEnvironmentCases, nameNothing } from '../attacks/cross-environment-cases.ts'
import { grantOf, type Judged, judge, refusalOf, verdictOf } from '../fakes/fake-fact-source.ts'
import { goodMessage } from '../fixtures/full-message.ts'
import { makeTenancy, openSourceTenancy, type Tenancy } from '../fixtures/tenancy.ts'

const json = JSON.stringify

/** The text of a refusal without the ids that the caller said. */
function outline(judged: Judged, value: unknown): string {
  const refusal = refusalOf(judged)
  const said = [...(json(value).match(/[\w./%:-]{2,}/g) ?? []), ...(json(value).match(/(?:m-)?[0-9a-f]{32}/g) ?? [])]
  const text = refusal === null ? 'allow' : `${refusal.reason}: ${refusal.message}`
  return said.sort((a, b) => b.length - a.length).reduce((rest, word) => rest.replaceAll(word, '<said>'), text)
}

function ask({ config, facts, mode }: Tenancy, crossCase: CrossEnvironmentCase, meaning: Meaning, value: unknown): Judged {
  const { caller, endpoint } = crossCase
  const message = crossCaseMessage(crossCase, meaning, value)
  return judge(config, caller.environment, { endpointName: endpoint.name, endpoint, message, mode, administrator: true }, facts)
}

/** Whether an allowed request that names something foreign shows only the caller's own, and models of the one they promote from. */
function showsOwn(crossCase: CrossEnvironmentCase, judged: Judged): boolean {
  const { context, endpoint } = grantOf(judged)
  const { caller, other } = crossCase
  const shows: readonly Environment[] =
    promotes(crossCase) && reads(endpoint) ? [caller.environment, other.environment] : [caller.environment]
  const own = [caller.experiment, caller.defaultExperiment, caller.frozenExperiment]
  return shows.includes(context.scope) && [...context.visibleExperiments].every((id) => own.includes(id))
}

/** The verdict, with whatever else there is to find fault with. */
function answerTo(
  tenancy: Tenancy,
  crossCase: CrossEnvironmentCase,
  meaning: Meaning,
  { value, twin, withoutLookUps }: Case,
): string {
  const judged = ask(tenancy, crossCase, meaning, value)
  const verdict = verdictOf(judged)
  if (withoutLookUps && judged.questions.length > 0) return `${verdict} after ${judged.questions.length} questions`
  const said = outline(judged, value)
  const ofTwin = twin === undefined ? said : outline(ask(tenancy, crossCase, meaning, twin), twin)
  if (said !== ofTwin) return `${verdict}: '${said}', and of what does not exist: '${ofTwin}'`
  return verdict !== 'allow' || showsOwn(crossCase, judged) ? verdict : `${verdict}, and shows what is not the caller's`
}

const tenancies = [
  openSourceTenancy,
  ...(['databricks', 'unityCatalog'] as const).flatMap((kind) => [makeTenancy(kind), makeTenancy(kind, 'databricks')]),
]

for (const tenancy of tenancies) {
  const { kind, mode, config, facts, places } = tenancy
  const table = endpointTable(kind, mode).open
  const where = kind === 'mlflow' ? '' : ` of ${kind} for clients of mode ${mode}`

  t.test(`every endpoint${where} serves everybody their own things`, async (t) => {
    for (const caller of places) {
      for (const endpoint of table.values()) {
        const message = goodMessage(endpoint, caller)
        const judged = judge(
          config,
          caller.environment,
          { endpointName: endpoint.name, endpoint, message, mode, administrator: true },
          facts,
        )
        const grant = 'allow' in judged.decision ? judged.decision.allow : null
        const place = `${caller.environment.name} ${endpoint.name}`
        if (isForProduction(endpoint) && !caller.environment.production) {
          t.equal(verdictOf(judged), 'stage', place)
          continue
        }
        t.equal(refusalOf(judged)?.message ?? 'allow', 'allow', place)
        if (endpoint.asks === undefined) t.equal(grant?.message, message, `${place}: what is granted is what was judged`)
      }
    }
  })

  t.test(`no field of any endpoint${where} lets anybody reach another environment`, async (t) => {
    for (const caller of places) {
      for (const other of places.filter((place) => place !== caller)) {
        for (const endpoint of table.values()) {
          for (const [selector, meaning] of Object.entries(endpoint.fields)) {
            const crossCase = { caller, other, endpoint, selector }
            const cases = crossEnvironmentCases[meaning](crossCase)
            if (cases.length === 0 && !nameNothing.has(meaning))
              t.fail(`${endpoint.name}: no cases for ${selector}, a ${meaning}`)
            for (const item of cases) {
              const place = `${caller.environment.name} ${endpoint.name} ${selector} ${json(item.value)}`
              t.equal(answerTo(tenancy, crossCase, meaning, item), item.verdict, place)
            }
          }
        }
      }
    }
  })
}
