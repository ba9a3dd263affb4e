import { everyUpstream, type OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { type CountingClock, countingClock } from '../fakes/counting-clock.ts'
import { startIssuer } from '../fakes/issuer.ts'
import type { ClientRequest } from '../fixtures/message-request.ts'
import type { Belongings, Tenancy } from '../fixtures/tenancy.ts'
import type { InProcess } from './app.ts'
import { startTenancyApp } from './tenancy-app.ts'
import { startTenancyServer, type TenancyOptions, type TenancyServer } from './tenancy-server.ts'

const issuer = await startIssuer()
const tokens = new Map<string, string>()
for (const name of ['acc', 'preprod', 'prod']) tokens.set(name, await issuer.token({ roles: [`admins_${name}`] }))

/** The proxy in front of a server that has everything of a tenancy. Its clock never waits. */
export interface Place {
  readonly tenancy: Tenancy
  readonly app: InProcess
  readonly server: TenancyServer
  readonly clock: CountingClock
}

export async function openPlace(tenancy: Tenancy, options: Omit<TenancyOptions, 'clock'> = {}): Promise<Place> {
  const clock = countingClock()
  const server = await startTenancyServer(tenancy.facts, { ...options, clock })
  return { tenancy, app: await startTenancyApp(tenancy, server.url, issuer.authority, { clock }), server, clock }
}

/** Sends a request as an administrator of an environment. */
export async function sendTo({ app, tenancy }: Place, caller: Belongings, { method, target, body, ...said }: ClientRequest) {
  const headers = { ...said.headers, authorization: `Bearer ${tokens.get(caller.environment.name)}` }
  const url = tenancy.mode === 'databricks' ? app.databricksHost : app.url
  const response = await fetch(`${url}${target}`, { method, headers, ...(body === null ? {} : { body }) })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

export async function closePlaces(places: readonly Place[]): Promise<void> {
  await Promise.all(places.map(({ app }) => app.close()))
  await Promise.all([issuer.close(), ...places.map(({ server }) => server.close())])
}

/** The tested rows: for a workspace its own, and in Databricks mode those that no other client has. */
export function rowsOf({ kind, mode }: Tenancy): OpenEndpoint[] {
  const rows = [...endpointTable(kind, mode).open.values()]
  if (kind === 'mlflow') return rows
  const others = endpointTable(kind, 'http').open
  return rows.filter(({ name, upstreams }) => upstreams !== everyUpstream && (mode === 'http' || !others.has(name)))
}
