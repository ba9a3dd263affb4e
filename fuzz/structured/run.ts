import { setTimeout as sleep } from 'node:timers/promises'
import { startIssuer } from '../../test/fakes/issuer.ts'
import { makeTenancy } from '../../test/fixtures/tenancy.ts'
import type { Asked } from '../../test/harness/tenancy-server.ts'
import { Random } from '../random.ts'
import { type Course, judge } from './judge.ts'
import { type Case, makeCase } from './make-case.ts'
import { goAway, type Issuer, lineOf, open, othersOf, type Place } from './place.ts'
import { printRequest, showRequest } from './wire-request.ts'

/** A request with a forbidden outcome. */
export interface Finding {
  readonly seed: number
  readonly problem: string
  readonly request: string
}

export interface Tally {
  readonly cases: number
  readonly findings: readonly Finding[]
  /** How many requests had each decision. */
  readonly decisions: ReadonlyMap<string, number>
  /** Endpoints to which something was forwarded. */
  readonly forwarded: ReadonlySet<string>
}

/** Whether a request to MLflow says that it belongs to another one than this. */
function isOfAnother({ rawHeaders }: Asked, id: string): boolean {
  const at = rawHeaders.findIndex((name) => name.toLowerCase() === 'x-request-id')
  const said = at < 0 ? '' : (rawHeaders[at + 1] ?? '')
  return said.startsWith('structured-fuzz-') && said !== id
}

/** Structured requests, one at a time, to proxies in front of fakes of every kind of upstream. */
export class StructuredFuzz {
  readonly #places: readonly Place[]
  readonly #issuer: Issuer
  readonly #decisions = new Map<string, number>()
  readonly #forwarded = new Set<string>()
  readonly #findings = new Map<string, Finding>()
  readonly #crashes: unknown[] = []
  #cases = 0
  readonly #note = (error: unknown) => void this.#crashes.push(error)
  readonly #noteLeak = (warning: Error) => void (warning.name === 'MaxListenersExceededWarning' && this.#crashes.push(warning))

  private constructor(places: readonly Place[], issuer: Issuer) {
    this.#places = places
    this.#issuer = issuer
    process.on('uncaughtException', this.#note).on('unhandledRejection', this.#note).on('warning', this.#noteLeak)
  }

  static async start(): Promise<StructuredFuzz> {
    const issuer = await startIssuer()
    const tokens = new Map<string, string>()
    for (const name of ['acc', 'preprod', 'prod']) tokens.set(name, await issuer.token({ roles: [`admins_${name}`] }))
    const workspaces = (['databricks', 'unityCatalog'] as const).flatMap((kind) => [
      makeTenancy(kind),
      makeTenancy(kind, 'databricks'),
    ])
    const places = await Promise.all([makeTenancy('mlflow'), ...workspaces].map((tenancy) => open(tenancy, issuer, tokens)))
    return new StructuredFuzz(places, issuer)
  }

  get tally(): Tally {
    const findings = [...this.#findings.values()]
    return { cases: this.#cases, findings, decisions: this.#decisions, forwarded: this.#forwarded }
  }

  /** Half of them with an open-source server, the rest with workspaces. */
  placeOf(seed: number): Place {
    const random = new Random(seed ^ 0x5bd1e995)
    const [first, ...others] = this.#places
    if (first === undefined) throw new Error('there is no place')
    return random.once(2) ? first : random.pick(others)
  }

  /** Runs the request of a seed. Throws Error with the seed if the fuzzer itself fails. */
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
    const id = `structured-fuzz-${seed}`
    const bytes = printRequest({ ...request, headers: [['X-Request-Id', id], ...request.headers] })
    place.server.take()
    place.app.takeLines()
    const began = process.cpuUsage()
    const reception = request.abortAt === null ? await place.client.send(bytes, request.method) : null
    const { user, system } = process.cpuUsage(began)
    const took = (user + system) / 1_000
    const rest = request.abortAt === null ? [] : await goAway(place, bytes.subarray(0, request.abortAt), seed)
    const line = await lineOf(place.app, reception)
    // What a client sent that has gone may still arrive.
    const heard = [...rest, ...place.server.take()].filter((asked) => !isOfAnother(asked, id))
    const course = {
      kind: place.tenancy.kind,
      case_,
      reception,
      heard,
      line,
      others: othersOf(place.tenancy, case_.caller),
      find: place.find,
    }
    const problem = this.#crash() ?? judge(course) ?? (took > 1_000 ? `an answer that cost ${Math.round(took)} ms` : null)
    this.#count(course, line, heard)
    if (problem !== null)
      this.#keep(
        {
          seed,
          problem,
          request: `${place.tenancy.kind} ${place.tenancy.mode} ${case_.caller.environment.name} ${case_.endpoint} ${showRequest(request)}`,
        },
        case_,
        line,
      )
    return problem
  }

  /** One plain request to the open-source upstream, and what MLflow received. */
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
    return error === undefined ? null : `uncaught or leaked: ${error instanceof Error ? error.stack : String(error)}`
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
    process.off('uncaughtException', this.#note).off('unhandledRejection', this.#note).off('warning', this.#noteLeak)
  }
}
