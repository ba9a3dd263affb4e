import { type AttackSetup, type Owner, owners, type Seed, secrets, startAttackSetup } from '../../test/attacks/attack-setup.ts'
import { listForeignThings } from '../../test/attacks/upstream-inventory.ts'
import { makeEnvironment } from '../../test/fakes/fake-fact-source.ts'
import type { Belongings } from '../../test/fixtures/tenancy.ts'
import { WireClient } from '../wire-client.ts'
import { makeCase, type ScenarioServer } from './make-case.ts'
import type { Finding, Tally } from './run.ts'
import { printRequest, showRequest } from './wire-request.ts'

const none = '9'.repeat(32)

/** An environment's data in a real MLflow, in the form that requests are built from. */
function belongingsOf(owner: Owner, seed: Seed): Belongings {
  const { experiment, spareExperiment, defaultExperiment, runs, loggedModel, trace, families } = seed
  const environment = makeEnvironment(owner, { production: owner === 'prod', promotesFrom: owner === 'prod' ? ['acc'] : [] })
  const entities = { d: families?.dataset, iss: families?.issue, ls: families?.labelSchema, rq: families?.reviewQueue }
  return {
    ...{ environment, experiment, defaultExperiment, frozenExperiment: spareExperiment },
    run: (number) => runs[(number - 1) % 2] ?? runs[0],
    model: () => loggedModel ?? `m-${none}`,
    entity: (kind) => entities[kind] ?? `${kind}-${none}`,
    scorer: families?.scorer ?? none,
    gateway: (kind) => `${kind}-${none}`,
    trace: () => trace ?? `tr-${none}`,
    opaqueId: (kind) => `${kind}-${none}`,
    stored: (model) => `${model}_${owner}`,
    artifacts: (of, experimentOf = experiment) =>
      `mlflow-artifacts:/${experimentOf}/${of.startsWith('m-') ? `models/${of}` : of}/artifacts`,
  }
}

function problemOf(bytes: Buffer, status: number): string | null {
  if (bytes.includes(secrets.prod)) return 'the answer shows what is prod’s'
  if (bytes.includes('The proxy failed on this request')) return 'a fault of the proxy’s own'
  // MLflow's own errors are passed on with their status.
  return [408, 502, 503, 504].includes(status) ? `status ${status}` : null
}

/** Sends structured requests of acc's callers to the built proxy in front of a real MLflow; others' data must stay unchanged and hidden. */
export class RealFuzz {
  readonly #setup: AttackSetup
  readonly #tenancy: ScenarioServer
  readonly #client: WireClient
  readonly #before: readonly string[]
  readonly #findings = new Map<string, Finding>()
  readonly #decisions = new Map<string, number>()
  #cases = 0

  private constructor(setup: AttackSetup, before: readonly string[]) {
    const [first, ...others] = owners.map((owner) => belongingsOf(owner, setup.seeds[owner]))
    if (first === undefined) throw new Error('there is no owner')
    this.#setup = setup
    this.#tenancy = { kind: 'mlflow', mode: 'http', places: [first, ...others], tokens: new Map([['acc', setup.tokens.acc]]) }
    this.#client = new WireClient(setup.proxy.url, 20_000)
    this.#before = before
  }

  static async start(version: string): Promise<RealFuzz> {
    const setup = await startAttackSetup(version)
    return new RealFuzz(setup, await listForeignThings(setup))
  }

  get tally(): Tally {
    return { cases: this.#cases, findings: [...this.#findings.values()], decisions: this.#decisions, forwarded: new Set() }
  }

  async try(seed: number): Promise<void> {
    const { caller, endpoint, request } = makeCase(this.#tenancy, seed)
    if (caller.environment.name !== 'acc') return
    this.#cases += 1
    const bytes = printRequest(request)
    if (request.abortAt !== null) return this.#client.abort(bytes.subarray(0, request.abortAt), seed % 2 === 0, seed % 5)
    const reception = await this.#client.send(bytes, request.method)
    const status = 'answer' in reception ? String(reception.answer.status) : Object.keys(reception).join()
    this.#decisions.set(status, (this.#decisions.get(status) ?? 0) + 1)
    const lost = 'lost' in reception ? `no answer: ${reception.lost}` : null
    const problem = 'answer' in reception ? problemOf(reception.answer.body, reception.answer.status) : lost
    if (problem !== null) this.#note({ seed, problem, request: `${endpoint} ${showRequest(request)}` }, endpoint)
  }

  #note(finding: Finding, endpoint: string): void {
    const kind = `${endpoint} ${finding.problem}`
    if (!this.#findings.has(kind)) this.#findings.set(kind, finding)
  }

  /** Changes to data that is not acc's, one line each. */
  async changes(): Promise<string[]> {
    const after = new Set(await listForeignThings(this.#setup))
    const before = new Set(this.#before)
    return [
      ...[...before].filter((line) => !after.has(line)).map((line) => `- ${line}`),
      ...[...after].filter((line) => !before.has(line)).map((line) => `+ ${line}`),
    ]
  }

  async close(): Promise<void> {
    this.#client.close()
    await this.#setup.close()
  }
}
