import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { type CountingClock, countingClock } from '../fakes/counting-clock.ts'
import { startIssuer } from '../fakes/issuer.ts'
import type { ClientRequest } from '../fixtures/message-request.ts'
import type { Belongings, Town } from '../fixtures/tenancy.ts'
import type { InProcess } from './app.ts'
import { startTownApp } from './tenancy-app.ts'
import { startTownServer, type TownOptions, type TownServer } from './tenancy-server.ts'

const issuer = await startIssuer()
const tokens = new Map<string, string>()
for (const name of ['acc', 'preprod', 'prod']) tokens.set(name, await issuer.token({ roles: [`admins_${name}`] }))

/** The proxy before a server that has everything of a town. Its clock waits for nothing. */
export interface Place {
  readonly town: Town
  readonly app: InProcess
  readonly server: TownServer
  readonly clock: CountingClock
}

export async function openPlace(town: Town, options: Omit<TownOptions, 'clock'> = {}): Promise<Place> {
  const clock = countingClock()
  const server = await startTownServer(town.world, { ...options, clock })
  return { town, app: await startTownApp(town, server.url, issuer.authority, { clock }), server, clock }
}

/** Sends a request as an administrator of an environment. */
export async function sendTo({ app, town }: Place, caller: Belongings, { method, target, body, ...said }: ClientRequest) {
  const headers = { ...said.headers, authorization: `Bearer ${tokens.get(caller.environment.name)}` }
  const url = town.mode === 'databricks' ? app.databricksHost : app.url
  const response = await fetch(`${url}${target}`, { method, headers, ...(body === null ? {} : { body }) })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

export async function closePlaces(places: readonly Place[]): Promise<void> {
  await Promise.all(places.map(({ app }) => app.close()))
  await Promise.all([issuer.close(), ...places.map(({ server }) => server.close())])
}

/** The rows that are told of a town: a workspace's own, and in Databricks mode those that no other client has. */
export function rowsOf({ kind, mode }: Town): OpenEndpoint[] {
  const rows = [...endpointTable(kind, mode).open.values()]
  if (kind === 'mlflow') return rows
  const others = endpointTable(kind, 'http').open
  return rows.filter(({ name, upstreams }) => upstreams !== undefined && (mode === 'http' || !others.has(name)))
}
