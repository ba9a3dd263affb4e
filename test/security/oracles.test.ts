import t, { type Test } from 'tap'
import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { JsonNumber } from '../../src/policy/messages/json/json.ts'
import { shapeOf } from '../../src/policy/messages/message-shape.ts'
import { planOf } from '../../src/rewrite/answer/answer-plan.ts'
import { crossCaseMessage, reads } from '../attacks/cross-environment-case.ts'
import { crossEnvironmentCases } from '../attacks/cross-environment-cases.ts'
import { fits, goodMessage } from '../fixtures/full-message.ts'
import { writeRequest } from '../fixtures/message-request.ts'
import {
  absentExperiment,
  absentRun,
  absentScorer,
  type Belongings,
  makeTenancy,
  openSourceTenancy,
  sharedDataset,
} from '../fixtures/tenancy.ts'
import { isFullRun } from '../harness/full-run.ts'
import { closePlaces, openPlace, type Place, rowsOf, sendTo } from '../harness/tenancy-proxy.ts'

// Whatever is another's is answered like what is nowhere: in each word and header, after the same questions to MLflow, at the same time.
// The time is that of a clock that goes on with each question to MLflow, and further for what is found than for what is not.
const delays = { found: 0.4, absent: 0.1 }
const workspaceTenancies = (['databricks', 'unityCatalog'] as const).flatMap((kind) => [
  makeTenancy(kind),
  makeTenancy(kind, 'databricks'),
])
const places = await Promise.all([openSourceTenancy, ...workspaceTenancies].map((tenancy) => openPlace(tenancy, { delays })))
t.teardown(() => closePlaces(places))

/** Every id of another environment's, and of what is nowhere, as one and the same word. */
function withoutIds(text: string, other: Belongings): string {
  const digits = [absentRun, ...[1, 2, 3, 7].map((number) => other.run(number)), sharedDataset.slice(2)]
  const ids = [absentScorer, other.scorer, 'absent-1', ...(['hook', 'model', 'endpoint'] as const).map(other.opaqueId), ...digits]
  const experiments = [absentExperiment, other.experiment, other.defaultExperiment, other.frozenExperiment]
  const plain = ids.reduce((said, id) => said.replaceAll(id, 'ID'), text)
  return plain.replaceAll(new RegExp(`(?<![.])\\b(${experiments.join('|')}|0)\\b`, 'g'), 'EXPERIMENT')
}

/** What of an answer a caller can tell, and what MLflow was asked for it. */
async function hear(place: Place, caller: Belongings, other: Belongings, request: ReturnType<typeof writeRequest>) {
  const { server, clock } = place
  server.take()
  const beginning = clock.now()
  const { status, headers, text } = await sendTo(place, caller, request)
  const told = [...headers].filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name))
  const length = Number(headers.get('content-length') ?? -1) - Buffer.byteLength(text)
  const asked = server.take().map(({ method, path }) => `${method} ${withoutIds(path, other)}`)
  const time = Math.round((clock.now() - beginning) * 10) / 10
  return { status, headers: told, length, text: withoutIds(text, other), asked: asked.sort(), time }
}

/** Lists of which MLflow gives everybody's rows, whoever asks. */
const lists = new Set([
  ...['listGatewayEndpoints', 'listGatewayModels', 'listModelDefinitions', 'listGatewaySecrets', 'listServingEndpoints'],
  ...['getOnlineScoringConfigs', 'searchCatalogModels', 'listNativeModels'],
])

type Request = ReturnType<typeof writeRequest>

/**
 * Both answers. What the proxy knows of the caller's own things, or has just learned of how long questions take, may change from the one
 * to the other: they are tried again.
 */
async function hearBoth(place: Place, [caller, other]: readonly [Belongings, Belongings], foreign: Request, absent: Request) {
  for (let tries = 1; ; tries += 1) {
    const both = { foreign: await hear(place, caller, other, foreign), absent: await hear(place, caller, other, absent) }
    if (JSON.stringify(both.foreign) === JSON.stringify(both.absent) || tries === 3) return both
  }
}

/** Every field of an endpoint that takes a reference, with one to another's thing and one to nothing. Returns how many were tried. */
async function tryFields(t: Test, place: Place, pair: readonly [Belongings, Belongings], endpoint: OpenEndpoint) {
  const [caller, other] = pair
  let tried = 0
  for (const [selector, meaning] of Object.entries(endpoint.fields)) {
    const crossCase = { caller, other, endpoint, selector }
    for (const { value, twin } of crossEnvironmentCases[meaning](crossCase)) {
      if (twin === undefined || !fits(endpoint, selector, value)) continue
      const write = (said: unknown) => writeRequest(endpoint, crossCaseMessage(crossCase, meaning, said))
      const { foreign, absent } = await hearBoth(place, pair, write(value), write(twin))
      // In part it is the caller's own, and asked about as such.
      const alike = value === sharedDataset ? { ...absent, asked: foreign.asked } : absent
      t.same(foreign, alike, `${caller.environment.name}: ${endpoint.name} ${selector} ${JSON.stringify(value)}`)
      tried += 1
    }
  }
  return tried
}

for (const place of places) {
  const { kind, mode, places: all } = place.tenancy
  const [inAcc, inPreprod, inProd] = all
  t.test(`nothing tells another's from nothing: ${kind}, mode ${mode}`, async (t) => {
    let tried = 0
    // By then it knows how long questions take.
    const warm = rowsOf(place.tenancy).find(
      (row) => Object.values(row.fields).includes('experiment') || row.name.startsWith('get'),
    )
    for (let count = 0; warm !== undefined && count < 40; count += 1)
      await sendTo(place, inAcc, writeRequest(warm, goodMessage(warm, inAcc)))
    const pairs = [
      [inAcc, inProd],
      [inProd, inPreprod],
      [inProd, inAcc],
    ] as const
    for (const pair of isFullRun ? pairs : pairs.slice(0, 1)) {
      for (const endpoint of rowsOf(place.tenancy)) tried += await tryFields(t, place, pair, endpoint)
    }
    t.ok(tried > (kind === 'mlflow' ? 100 : 5), `${tried} pairs`)
  })
}

for (const place of places) {
  const { kind, mode, places: all } = place.tenancy
  const [caller] = all
  t.test(`what is one's own waits for nothing: ${kind}, mode ${mode}`, async (t) => {
    for (const endpoint of rowsOf(place.tenancy)) {
      const beginning = place.clock.now()
      const { status } = await sendTo(place, caller, writeRequest(endpoint, goodMessage(endpoint, caller)))
      // These wait: a refusal, and lists that cannot be asked for of one environment.
      if (status !== 200 || lists.has(endpoint.name)) continue
      t.ok(place.clock.now() - beginning < 15, `${endpoint.name}: ${place.clock.now() - beginning}`)
    }
  })
}

/** A row of an environment's, whatever kind of row it is. */
function rowOf(
  { experiment, run, model, entity, trace, environment, stored, scorer, gateway }: Belongings,
  message = '',
): object {
  return {
    name: message === 'mlflow.Experiment' ? `${environment.experimentRoot}/churn` : stored('fraud'),
    model_name: stored('fraud'),
    version: '1',
    experiment_id: experiment,
    info: { run_id: run(1), model_id: model(1), experiment_id: experiment },
    dataset_id: entity('d'),
    scorer_id: scorer,
    scorer_name: 'x',
    trace_id: trace(1),
    request_id: trace(1),
    trace_location: { mlflow_experiment: { experiment_id: experiment } },
    trace_info: { trace_location: { mlflow_experiment: { experiment_id: experiment } } },
    secret_name: `key_${environment.name}`,
    endpoint_id: gateway('e'),
  }
}

/** The lists of an answer whose rows have an owner each. */
function listsOf({ response }: OpenEndpoint): string[] {
  const fields = [...shapeOf(response).fields]
  return fields.flatMap(([name, { repeated, message = '' }]) => (repeated === true && planOf(message).isOwned ? [name] : []))
}

/** The path at which the upstream is asked. */
const sentPath = (endpoint: OpenEndpoint) => (endpoint.sentAs ?? endpoint).path

/** A good request that names nothing which it need not. */
function openMessage(endpoint: OpenEndpoint, caller: Belongings) {
  const message = goodMessage(endpoint, caller)
  const needed = new Set(endpoint.required.flatMap((name) => name.split('|')))
  for (const name of [...message.keys()]) if (!needed.has(name) && !endpoint.pathParams.includes(name)) message.delete(name)
  return message
}

for (const place of places) {
  const { kind, mode, places: all } = place.tenancy
  const [caller, , other] = all
  t.test(`rows of others' change nothing in a list: ${kind}, mode ${mode}`, async (t) => {
    let tried = 0
    for (const endpoint of rowsOf(place.tenancy)) {
      if (!reads(endpoint)) continue
      for (const list of listsOf(endpoint)) {
        for (const message of [goodMessage(endpoint, caller), openMessage(endpoint, caller)]) {
          const request = writeRequest(endpoint, message)
          const asks = (path: string) => path.endsWith(sentPath(endpoint).replace(/.*\}/, '')) && endpoint.search !== undefined
          const told = (path: string, page: object) => (path.includes(sentPath(endpoint).split('/{')[0] ?? '') ? page : null)
          place.server.runScenarios = (path, said) => {
            const first = { [list]: [rowOf(other), rowOf(other)], next_page_token: 'second-page' }
            const second = { [list]: [rowOf(other)] }
            return told(path, asks(path) && !said.includes('second-page') ? first : second)
          }
          const foreign = await hear(place, caller, other, request)
          // What MLflow writes by hand spells an empty list.
          place.server.runScenarios = (path) => told(path, endpoint.response.startsWith('handmade.') ? { [list]: [] } : {})
          const absent = await hear(place, caller, other, request)
          place.server.runScenarios = () => null
          const compared = ({ status, headers, length, text }: typeof foreign) => ({ status, headers, length, text })
          t.same(compared(foreign), compared(absent), `${endpoint.name} ${list} ${request.target}`)
          tried += 1
        }
      }
    }
    t.ok(tried > 0 || mode === 'databricks', `${tried} lists`)
  })
}

/** How an upstream tells a list page by page: the first page, then as many as are said, by the number that is their token. */
function tellPages(place: Place, path: string, list: string, pages: readonly (readonly object[])[]): void {
  place.server.runScenarios = (asked, said) => {
    if (!asked.endsWith(path)) return null
    const number = Number(/page-([0-9]+)/.exec(said)?.[1] ?? 0)
    const next = number + 1 < pages.length ? { next_page_token: `page-${number + 1}` } : {}
    return { [list]: pages[number], ...next }
  }
}

for (const place of places) {
  const { kind, mode, places: all } = place.tenancy
  const [caller, , other] = all
  const searches = rowsOf(place.tenancy).flatMap((endpoint) =>
    endpoint.search && !endpoint.asks ? [{ endpoint, ...endpoint.search }] : [],
  )
  if (searches.length === 0) continue
  // A list of models in Unity Catalog is read whole and paged here, which unity-catalog.test.ts holds; a search names one of them.
  const isReadWhole = ({ sentAs, resource }: OpenEndpoint) =>
    kind === 'unityCatalog' && sentAs !== undefined && resource === 'registeredModel'
  t.test(`a page token says that the caller has more rows, and nothing else: ${kind}, mode ${mode}`, async (t) => {
    for (const { endpoint, rows: list } of searches.filter((each) => !isReadWhole(each.endpoint))) {
      const message = shapeOf(endpoint.response).fields.get(list)?.message
      const [own, foreign] = [rowOf(caller, message), rowOf(other, message)]
      const ask = async (pages: readonly (readonly object[])[], token = '') => {
        const asked = goodMessage(endpoint, caller)
        asked.set('max_results', new JsonNumber('1'))
        if (token === '') asked.delete('page_token')
        else asked.set('page_token', token)
        tellPages(place, sentPath(endpoint), list, pages)
        const { status, text } = await sendTo(place, caller, writeRequest(endpoint, asked))
        place.server.runScenarios = () => null
        t.equal(status, 200, `${endpoint.name}: ${text.slice(0, 200)}`)
        const { [list]: rows = [], next_page_token: next = '' } = JSON.parse(text)
        return { count: Number(rows.length), next: String(next), text }
      }
      const alone = await ask([[own]])
      t.same([alone.count, alone.next], [1, ''], endpoint.name)
      // Where the experiments of the search bound it, its rows can be nobody else's.
      const bounded =
        Object.values(endpoint.fields).some((each) => /^(experiments|locations)ToSearch$/.test(each)) && !endpoint.anyExperiment
      if (bounded) continue
      for (const pages of [[[own, foreign]], [[own], [foreign]], [[own, foreign], [foreign, foreign], [foreign]]])
        t.equal((await ask(pages)).text, alone.text, `${endpoint.name}: nothing of the caller's comes after`)
      const more = [[[own, own]], [[own], [own]], [[own, foreign], [foreign], [foreign, own]]]
      const answers: Awaited<ReturnType<typeof ask>>[] = []
      for (const pages of more) answers.push(await ask(pages))
      t.equal(new Set(answers.map(({ next }) => next.length)).size, 1, `${endpoint.name}: tokens are of one length`)
      for (const [index, { count, next }] of answers.entries()) {
        t.ok(count === 1 && next !== '', `${endpoint.name}: there is more`)
        const last = await ask(more[index] ?? [], next)
        t.same([last.count, last.next], [1, ''], `${endpoint.name}: which the token leads to, and to the end`)
      }
    }
  })
}
