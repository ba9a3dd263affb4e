import { setTimeout as sleep } from 'node:timers/promises'
import { GraphQLString, getNamedType } from 'graphql'
import t, { type Test } from 'tap'
import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { openEndpoints } from '../../src/policy/endpoints/endpoint-table.ts'
import { messageOf, schema } from '../../src/policy/graphql/schema.ts'
import { printJson } from '../../src/policy/messages/json/json-text.ts'
import { crossCaseMessage, isForProduction, reads } from '../attacks/cross-environment-case.ts'
import { crossEnvironmentCases, nameNothing } from '../attacks/cross-environment-cases.ts'
import { toJson } from '../fakes/fake-fact-source.ts'
import { fits, goodMessage } from '../fixtures/full-message.ts'
import { writeRequest } from '../fixtures/message-request.ts'
import { type Belongings, makeTenancy, openSourceTenancy } from '../fixtures/tenancy.ts'
import { closePlaces, openPlace, type Place, rowsOf, sendTo } from '../harness/tenancy-proxy.ts'

// Every endpoint over HTTP: which requests reach a server that has everything.
const json = JSON.stringify
/** What the proxy noted as its reasons, one for each of the last requests. */
async function reasons({ app }: Place, count: number): Promise<string[]> {
  for (let tries = 0; ; tries += 1) {
    const lines = app.lines().filter(({ audit }) => audit === true)
    if (lines.length >= count || tries > 100) return lines.map(({ reason }) => String(reason))
    await sleep(20)
  }
}

const workspaceTenancies = (['databricks', 'unityCatalog'] as const).flatMap((kind) => [
  makeTenancy(kind),
  makeTenancy(kind, 'databricks'),
])
const places = await Promise.all([openSourceTenancy, ...workspaceTenancies].map((tenancy) => openPlace(tenancy)))
t.teardown(() => closePlaces(places))

async function tryRow(t: Test, place: Place, [caller, other]: readonly [Belongings, Belongings], endpoint: OpenEndpoint) {
  const { server } = place
  const expected: (string | null)[] = []
  server.take()
  const own = await sendTo(place, caller, writeRequest(endpoint, goodMessage(endpoint, caller)))
  expected.push(null)
  const arrived = server.take().some(({ isLookUp }) => !isLookUp || reads(endpoint)) || own.status === 200
  const mayNot = isForProduction(endpoint) && !caller.environment.production
  t.equal(arrived, !mayNot, `${endpoint.name}: what is one's own goes to the server: ${own.status} ${own.text.slice(0, 300)}`)
  for (const [selector, meaning] of Object.entries(endpoint.fields)) {
    const crossCase = { caller, other, endpoint, selector }
    const cases = crossEnvironmentCases[meaning](crossCase).filter(({ value }) => fits(endpoint, selector, value))
    t.ok(cases.length > 0 || nameNothing.has(meaning), `${endpoint.name}: there are cases for ${selector}, a ${meaning}`)
    for (const { value, verdict } of cases) {
      const request = writeRequest(endpoint, crossCaseMessage(crossCase, meaning, value))
      const what = `${request.method} ${endpoint.path} ${selector} ${json(value)}`
      server.take()
      const { status, text } = await sendTo(place, caller, request)
      const heard = server.take().filter(({ isLookUp }) => !isLookUp)
      expected.push(verdict === 'allow' ? null : `${what}: ${verdict}`)
      if (verdict === 'allow') {
        t.notOk(meaning === 'experimentsToSearch' && heard.some((asked) => asked.text.includes(`"${other.experiment}"`)), what)
        continue
      }
      t.ok(status >= 400 && status < 500, `${what}: answered ${status} ${text.slice(0, 200)}`)
      t.same(heard, [], `${what}: the server receives nothing but look-ups`)
    }
  }
  return expected
}

for (const place of places) {
  const { kind, mode, places: all } = place.tenancy
  const [inAcc, inPreprod, inProd] = all
  t.test(`over HTTP, nobody reaches anything of another environment: ${kind}, mode ${mode}`, async (t) => {
    const expected: (string | null)[] = []
    for (const pair of [
      [inAcc, inProd],
      [inProd, inPreprod],
    ] as const) {
      await sendTo(place, pair[0], {
        method: 'GET',
        target: '/api/2.0/mlflow/experiments/get?experiment_id=0',
        headers: {},
        body: null,
      })
      expected.push(null)
      for (const endpoint of rowsOf(place.tenancy)) expected.push(...(await tryRow(t, place, pair, endpoint)))
    }
    const noted = await reasons(place, expected.length)
    t.equal(noted.length, expected.length, 'every request is noted')
    for (const [index, reason] of noted.entries()) {
      const said = expected[index]
      if (typeof said === 'string') t.equal(`${said.slice(0, said.lastIndexOf(': '))}: ${reason}`, said)
    }
  })
}

const camelCase = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

t.test('nor by GraphQL, whose every field is an endpoint', async (t) => {
  const [place] = places
  const [caller, , other] = openSourceTenancy.places
  if (place === undefined) throw new Error('there is no place')
  const roots = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {}).map((field) => ({ field, root: type?.name.toLowerCase() ?? '' })),
  )
  let tried = 0
  for (const { field, root } of roots) {
    const type = getNamedType(field.args.find(({ name }) => name === 'input')?.type ?? GraphQLString)
    const endpoint = [...openEndpoints.values()].find(({ request }) => request === messageOf(type))
    if (endpoint === undefined) continue
    for (const [selector, meaning] of Object.entries(endpoint.fields)) {
      const crossCase = { caller, other, endpoint, selector }
      for (const { value, verdict } of crossEnvironmentCases[meaning](crossCase)) {
        const message = crossCaseMessage(crossCase, meaning, value)
        const said = [...message].filter(([name]) => name === 'metric_key' || endpoint.fields[name] !== 'free')
        const input = new Map(said.map(([name, item]) => [camelCase(name), item]))
        const query = `${root} Q($i:${type.name}){${field.name}(input:$i){__typename}}`
        const body = printJson(toJson({ query, variables: { i: input } }))
        place.server.take()
        const { status, text } = await sendTo(place, caller, {
          method: 'POST',
          target: '/graphql',
          headers: { 'content-type': 'application/json' },
          body,
        })
        const heard = place.server.take().filter(({ isLookUp }) => !isLookUp)
        tried += 1
        t.equal(status, 200, text)
        if (verdict === 'allow') continue
        t.match(text, /^\{"data":(null|\{"\w+":null\}),"errors":\["/, `${field.name} ${selector}: ${text}`)
        t.same(heard, [], `${field.name} ${selector}: MLflow receives nothing but look-ups`)
      }
    }
  }
  t.ok(tried > 10, `${tried} requests`)
})
