import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { audience, type startIssuer, tenantId } from '../../test/fakes/issuer.ts'
import type { Belongings, Tenancy } from '../../test/fixtures/tenancy.ts'
import { type InProcess, startInProcess } from '../../test/harness/app.ts'
import { headerOf } from '../../test/harness/raw-http.ts'
import type { Asked, TenancyServer } from '../../test/harness/tenancy-server.ts'
import { WireClient } from '../wire-client.ts'
import { startFakeMlflow, upstreamRoutes } from './fake-mlflow.ts'
import type { Course } from './judge.ts'
import type { ScenarioServer } from './make-case.ts'

/** The proxy in front of a fake upstream of one kind, and a client. */
export interface Place {
  readonly tenancy: Tenancy
  readonly ground: ScenarioServer
  readonly server: TenancyServer
  readonly app: InProcess
  readonly client: WireClient
  readonly find: Course['find']
}

export type Issuer = Awaited<ReturnType<typeof startIssuer>>
const rates = { registry: 10_000, searchRuns: 10_000, experiments: 10_000, logBatch: 10_000, other: 10_000 }
// The proxy polls MLflow for some seconds for traces that may not have arrived yet.
const patience = 15_000

/** Starts the proxy in front of a fake upstream with a tenancy's data. */
export async function open(tenancy: Tenancy, issuer: Issuer, tokens: ScenarioServer['tokens']): Promise<Place> {
  const server = await startFakeMlflow(tenancy)
  const environments = tenancy.config.environments.map(
    ({ name, production, promotesFrom, sourcePrefixes, unityCatalogSchema }) => [
      name,
      {
        ...{ production, promotesFrom, sourcePrefixes, gateway: true, administrators: [`admins_${name}`] },
        ...(unityCatalogSchema === undefined ? {} : { unityCatalogSchema }),
      },
    ],
  )
  const workspace = { kind: 'databricks', rates, ...(tenancy.kind === 'unityCatalog' ? { registry: tenancy.kind } : {}) }
  const app = await startInProcess({
    upstream: { url: server.url, credentials: { mode: 'none' }, ...(tenancy.kind === 'mlflow' ? {} : workspace) },
    authentication: { entra: { tenantId, audiences: [audience], authority: issuer.authority } },
    environments: Object.fromEntries(environments),
    ...(tenancy.mode === 'databricks' ? { databricksHost: { listen: { port: 5002 }, hostNames: [{ name: 'dbx.test' }] } } : {}),
  })
  const url = (tenancy.mode === 'databricks' ? app.databricksHost : app.url) ?? app.url
  const ground: ScenarioServer = { kind: tenancy.kind, mode: tenancy.mode, places: tenancy.places, tokens }
  return { tenancy, ground, server, app, client: new WireClient(url, patience), find: upstreamRoutes(tenancy) }
}

/** The owners whose data a caller must neither see nor reach: not those whose models they promote. */
export function othersOf({ places }: Tenancy, caller: Belongings): Belongings[] {
  return places.filter((place) => place !== caller && !caller.environment.promotesFrom.includes(place.environment.name))
}

/** Sends a part of a request and disconnects; returns what MLflow received of it, once nothing more arrives. */
export async function goAway({ client, server }: Place, bytes: Buffer, seed: number): Promise<Asked[]> {
  await client.abort(bytes, seed % 2 === 0, seed % 3)
  const heard: Asked[] = []
  for (let quiet = 0; quiet < 3; quiet++) {
    await sleep(5)
    const more = server.take()
    if (more.length > 0) quiet = 0
    heard.push(...more)
  }
  return heard
}

/** The audit line of an answered request; it is written shortly after the answer. */
export async function lineOf(app: InProcess, reception: Course['reception']): Promise<Course['line']> {
  if (reception === null || !('answer' in reception)) {
    await sleep(5)
    return app.takeLines().find(({ audit }) => audit === true) ?? null
  }
  const id = headerOf(reception.answer, 'x-request-id')
  for (let tries = 0; tries < 50; tries++) {
    const lines = app.takeLines()
    const line = lines.find(({ audit, requestId }) => audit === true && (id === null || requestId === id))
    if (line !== undefined) return line
    await turn()
  }
  return null
}
