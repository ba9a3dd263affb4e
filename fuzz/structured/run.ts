import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { InProcess } from '../../test/support/app.ts'
import { startInProcess } from '../../test/support/app.ts'
import { audience, startIssuer, tenantId } from '../../test/support/issuer.ts'
import { headerOf } from '../../test/support/raw-http.ts'
import { type Belongings, makeTown, type Town } from '../../test/support/town.ts'
import type { Asked, TownServer } from '../../test/support/town-server.ts'
import { Random } from '../random.ts'
import { WireClient } from '../wire-client.ts'
import { startFakeMlflow, upstreamRoutes } from './fake-mlflow.ts'
import { type Course, judge } from './judge.ts'
import { type Case, type Ground, makeCase } from './make-case.ts'
import { printRequest, showRequest } from './wire-request.ts'

/** A request of which something came that must not. */
export interface Finding {
  readonly seed: number
  readonly problem: string
  readonly request: string
}

export interface Tally {
  readonly cases: number
  readonly findings: readonly Finding[]
  /** How many requests were decided how. */
  readonly decisions: ReadonlyMap<string, number>
  /** Endpoints that something was forwarded to. */
  readonly forwarded: ReadonlySet<string>
}

interface Place {
  readonly town: Town
  readonly ground: Ground
  readonly server: TownServer
  readonly app: InProcess
  readonly client: WireClient
  readonly find: Course['find']
}

type Issuer = Awaited<ReturnType<typeof startIssuer>>
const rates = { registry: 10_000, searchRuns: 10_000, experiments: 10_000, logBatch: 10_000, other: 10_000 }
const patience = 5_000

async function open(town: Town, issuer: Issuer, tokens: Ground['tokens']): Promise<Place> {
  const server = await startFakeMlflow(town)
  const environments = town.landscape.environments.map(
    ({ name, production, promotesFrom, sourcePrefixes, unityCatalogSchema }) => [
      name,
      {
        ...{ production, promotesFrom, sourcePrefixes, gateway: true, administrators: [`admins_${name}`] },
        ...(unityCatalogSchema === undefined ? {} : { unityCatalogSchema }),
      },
    ],
  )
  const workspace = { kind: 'databricks', rates, ...(town.kind === 'unityCatalog' ? { registry: town.kind } : {}) }
  const app = await startInProcess({
    upstream: { url: server.url, credentials: { mode: 'none' }, ...(town.kind === 'mlflow' ? {} : workspace) },
    authentication: { entra: { tenantId, audiences: [audience], authority: issuer.authority } },
    environments: Object.fromEntries(environments),
    ...(town.mode === 'databricks' ? { databricksHost: { listen: { port: 5002 }, hostNames: [{ name: 'dbx.test' }] } } : {}),
  })
  const url = (town.mode === 'databricks' ? app.databricksHost : app.url) ?? app.url
  const ground: Ground = { kind: town.kind, mode: town.mode, places: town.places, tokens }
  return { town, ground, server, app, client: new WireClient(url, patience), find: upstreamRoutes(town) }
}

/** Whom a caller must neither see nor reach: not those whose models they promote. */
function othersOf({ places }: Town, caller: Belongings): Belongings[] {
  return places.filter((place) => place !== caller && !caller.environment.promotesFrom.includes(place.environment.name))
}

/** Structured requests, one after the other, before fakes of every kind of upstream. */
export class StructuredFuzz {
  readonly #places: readonly Place[]
  readonly #issuer: Issuer
  readonly #decisions = new Map<string, number>()
  readonly #forwarded = new Set<string>()
  readonly #findings = new Map<string, Finding>()
  readonly #crashes: unknown[] = []
  #cases = 0
  readonly #note = (error: unknown) => void this.#crashes.push(error)

  private constructor(places: readonly Place[], issuer: Issuer) {
    this.#places = places
    this.#issuer = issuer
    process.on('uncaughtException', this.#note).on('unhandledRejection', this.#note)
  }

  static async start(): Promise<StructuredFuzz> {
    const issuer = await startIssuer()
    const tokens = new Map<string, string>()
    for (const name of ['acc', 'preprod', 'prod']) tokens.set(name, await issuer.token({ roles: [`admins_${name}`] }))
    const workspaces = (['databricks', 'unityCatalog'] as const).flatMap((kind) => [makeTown(kind), makeTown(kind, 'databricks')])
    const places = await Promise.all([makeTown('mlflow'), ...workspaces].map((town) => open(town, issuer, tokens)))
    return new StructuredFuzz(places, issuer)
  }

  get tally(): Tally {
    const findings = [...this.#findings.values()]
    return { cases: this.#cases, findings, decisions: this.#decisions, forwarded: this.#forwarded }
  }

  /** Half of them before an open-source server, the rest before workspaces. */
  placeOf(seed: number): Place {
    const random = new Random(seed ^ 0x5bd1e995)
    const [first, ...others] = this.#places
    if (first === undefined) throw new Error('there is no place')
    return random.once(2) ? first : random.pick(others)
  }

  /** Tries the request of a seed. Throws Error where the fuzzer itself fails, with the seed. */
  async try(seed: number): Promise<string | null> {
    try {
      return await this.#try(seed)
    } catch (error) {
      throw new Error(`the fuzzer fails on seed ${seed}`, { cause: error })
    }
  }

  async #try(seed: number): Promise<string | null> {
    const place = this.placeOf(seed)
    const case_ = makeCase(place.ground, seed)
    const { request } = case_
    const bytes = printRequest(request)
    place.server.take()
    place.app.takeLines()
    const began = process.cpuUsage()
    const reception = request.abortAt === null ? await place.client.send(bytes, request.method) : null
    const { user, system } = process.cpuUsage(began)
    const took = (user + system) / 1_000
    const rest = request.abortAt === null ? [] : await goAway(place, bytes.subarray(0, request.abortAt), seed)
    const line = await lineOf(place.app, reception)
    const heard = [...rest, ...place.server.take()]
    const course = {
      kind: place.town.kind,
      case_,
      reception,
      heard,
      line,
      others: othersOf(place.town, case_.caller),
      find: place.find,
    }
    const problem = this.#crash() ?? judge(course) ?? (took > 1_000 ? `an answer that cost ${Math.round(took)} ms` : null)
    this.#count(course, line, heard)
    if (problem !== null)
      this.#keep(
        {
          seed,
          problem,
          request: `${place.town.kind} ${place.town.mode} ${case_.caller.environment.name} ${case_.endpoint} ${showRequest(request)}`,
        },
        case_,
        line,
      )
    return problem
  }

  /** One plain request to the open-source place, and what MLflow was asked for. */
  async ask(environment: string, path: string): Promise<{ status: number; heard: string[] }> {
    const [place] = this.#places
    if (place === undefined) throw new Error('there is no place')
    place.server.take()
    const headers = { authorization: `Bearer ${place.ground.tokens.get(environment)}` }
    const { status } = await fetch(`${place.app.url}${path}`, { headers })
    return { status, heard: place.server.take().flatMap(({ isLookUp, target }) => (isLookUp ? [] : [target])) }
  }

  #crash(): string | null {
    const [error] = this.#crashes.splice(0)
    return error === undefined ? null : `uncaught: ${error instanceof Error ? error.stack : String(error)}`
  }

  #count({ reception, find }: Course, line: Course['line'], heard: readonly Asked[]): void {
    this.#cases += 1
    const status = reception !== null && 'answer' in reception ? reception.answer.status : 'none'
    const decision = `${String(line?.decision ?? 'unknown')} ${String(line?.reason ?? status)}`
    this.#decisions.set(decision, (this.#decisions.get(decision) ?? 0) + 1)
    for (const one of heard)
      if (!one.isLookUp || line?.decision === 'allow') this.#forwarded.add(find(one.method, one.path)?.name ?? one.path)
  }

  #keep(finding: Finding, { endpoint }: Case, line: Course['line']): void {
    const kind = `${endpoint.split(' ')[0]} ${String(line?.endpoint)} ${finding.problem.replace(/[0-9]+/g, '0').slice(0, 50)}`
    if (!this.#findings.has(kind)) this.#findings.set(kind, finding)
  }

  async close(): Promise<void> {
    for (const { client } of this.#places) client.close()
    await sleep(50)
    await Promise.all(this.#places.map(({ app }) => app.close()))
    await Promise.all([this.#issuer.close(), ...this.#places.map(({ server }) => server.close())])
    process.off('uncaughtException', this.#note).off('unhandledRejection', this.#note)
  }
}

/** Sends a part of a request and goes away; what MLflow hears of it, until it hears nothing more. */
async function goAway({ client, server }: Place, bytes: Buffer, seed: number): Promise<Asked[]> {
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

/** The line about an answered request; it comes a moment after the answer. */
async function lineOf(app: InProcess, reception: Course['reception']): Promise<Course['line']> {
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
