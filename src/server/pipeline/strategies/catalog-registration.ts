import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { OpenEndpoint } from '../../../policy/endpoints/endpoint.ts'
import type { Grant } from '../../../policy/grant.ts'
import type { JsonObject } from '../../../policy/messages/json/json.ts'
import { showName } from '../../../policy/names/names.ts'
import { Refusal } from '../../../policy/reasons.ts'
import { rewriteAnswer } from '../../../rewrite/answer/rewrite-answer.ts'
import { registrationRequest } from '../../../rewrite/request/upstream-request.ts'
import type { VersionDetails } from '../../../rewrite/unity-catalog/version-details.ts'
import type { StoredFile } from '../../databricks/storage/artifact-store.ts'
import type { CatalogFolder } from '../../databricks/storage/catalog-folder.ts'
import { CallFailed } from '../../databricks/storage/storage-call.ts'
import { checkModel, filesBelow } from '../../databricks/unity-catalog-source.ts'
import type { SourceFiles, WorkspaceArtifacts } from '../../databricks/workspace-artifacts.ts'
import type { Facts } from '../../facts/facts.ts'
import { readFound, readVersion } from '../../facts/look-up-answers.ts'
import type { RequestContext } from '../../http/request-context.ts'
import { parseAnswer } from '../../upstream/parse-answer.ts'
import type { Upstream } from '../../upstream/upstream.ts'
import { type CallerCredentials, withoutSignal } from '../../upstream/upstream-credentials.ts'
import { finishRegistration } from '../registration.ts'
import { upstreamError } from '../upstream-error.ts'
import { artifactError } from './stored-files.ts'
import type { GrantedRequest, Strategy } from './strategy.ts'

/** Milliseconds after which the caller is told that the version is pending: clients wait two minutes for an answer, and longer for a version. */
const maximumWait = 60_000
/** Files that are copied concurrently. */
const atOnce = 4

interface Version {
  readonly name: string
  readonly version: string
}

/** Registers versions in Unity Catalog, where clients must copy the files themselves: create pending, copy, finalise, set the alias. */
export class CatalogRegistrar implements Strategy {
  readonly #upstream: Upstream
  readonly #facts: Facts
  readonly #artifacts: WorkspaceArtifacts
  readonly #log: Pick<Logger, 'warn'>
  readonly #maximumWait: number
  readonly #stop = new AbortController()
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(
    upstream: Upstream,
    facts: Facts,
    artifacts: WorkspaceArtifacts,
    log: Pick<Logger, 'warn'>,
    maximumWaitMs = maximumWait,
  ) {
    this.#upstream = upstream
    this.#facts = facts
    this.#artifacts = artifacts
    this.#log = log
    this.#maximumWait = maximumWaitMs
  }

  serves({ makes, bringsFiles }: OpenEndpoint): boolean {
    return makes === 'version' && bringsFiles !== true
  }

  /**
   * Registers a version: creates it in Unity Catalog, without files, with the model's metadata. If that takes longer than clients wait, it
   * continues in the background, and the version is pending until then. A version whose files cannot be copied is deleted again.
   */
  async carryOut({ grant, requestContext }: GrantedRequest): Promise<JsonObject> {
    // A version that is being created is completed or deleted even if its client has disconnected.
    const caller = withoutSignal(requestContext.credentials)
    try {
      const source = this.#artifacts.sourceOf(grant, caller)
      const files = await filesBelow(source)
      const row = await this.#create(grant, await checkModel(source, files), requestContext)
      const { name, version } = readVersion(row)
      const made = this.#keep(this.#complete(grant, caller, { name, version }, source, files))
      const finished = await this.#inTime(made, { name, version })
      return rewriteAnswer(grant, new Map([['model_version', finished ?? row ?? null]]))
    } catch (error) {
      throw artifactError(grant, error)
    } finally {
      this.#facts.forget(grant)
    }
  }

  async #create(grant: Grant, dependencies: VersionDetails['dependencies'], { credentials, auditRecord }: RequestContext) {
    const { workspaceId } = this.#upstream.transport
    const answer = await this.#upstream.send(registrationRequest(grant, { dependencies, workspaceId }), credentials)
    auditRecord.upstreamStatus = answer.status
    if (answer.status !== 200) throw upstreamError(grant, answer)
    return parseAnswer(answer).get('model_version')
  }

  /** Resolves when no registration is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay)
  }

  /** Cancels registrations in progress: incomplete versions are deleted. */
  async close(): Promise<void> {
    this.#stop.abort(new Refusal('upstream-unavailable', 'The proxy is shutting down. Register the version again.'))
    await Promise.allSettled(this.#underWay)
  }

  #keep<T>(work: Promise<T>): Promise<T> {
    const kept = work.finally(() => this.#underWay.delete(kept))
    this.#underWay.add(kept)
    return kept
  }

  /** The outcome, or null if it takes too long; a later failure is only logged. */
  async #inTime(work: Promise<JsonObject>, { name, version }: Version): Promise<JsonObject | null> {
    const timer = new AbortController()
    const late = pause(this.#maximumWait, null, { signal: timer.signal })
    const outcome = await Promise.race([work, late]).finally(() => timer.abort())
    if (outcome === null) {
      work.catch((error: unknown) => this.#log.warn({ error: String(error), name, version }, 'a version could not be registered'))
    }
    return outcome
  }

  async #complete(
    grant: Grant,
    caller: CallerCredentials,
    id: Version,
    source: SourceFiles,
    files: readonly StoredFile[],
  ): Promise<JsonObject> {
    try {
      await this.#copy(source, this.#artifacts.newVersion(grant, id.version, caller), files)
      await this.#finalize(id, caller)
    } catch (error) {
      await this.#withdraw(grant, id, caller, error)
      throw error
    }
    const ready = await this.#read(id, caller)
    return (await finishRegistration(this.#upstream, readVersion(ready), grant.context, caller)) ?? ready
  }

  async #copy(source: SourceFiles, target: CatalogFolder, files: readonly StoredFile[]): Promise<void> {
    const { signal } = this.#stop
    const queue = [...files]
    const work = async () => {
      for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
        signal.throwIfAborted()
        const { stream, length } = await source.download(file.path)
        const stop = () => stream.destroy(signal.reason)
        signal.addEventListener('abort', stop, { once: true })
        try {
          // Nobody else has access to a version that is being created.
          await target.upload(file.path, { body: stream, length, lastLook: async () => {} })
        } catch (error) {
          // Cancel the other copies.
          queue.length = 0
          throw error
        } finally {
          signal.removeEventListener('abort', stop)
          stream.on('error', () => undefined).destroy()
        }
      }
    }
    const done = await Promise.allSettled(Array.from({ length: Math.min(atOnce, files.length) }, work))
    for (const each of done) if (each.status === 'rejected') throw each.reason
  }

  /** A lost answer is not a failure: it only matters that the version is ready. */
  async #finalize(id: Version, caller: CallerCredentials): Promise<void> {
    const answer = await this.#upstream.write({ finalize: 'version', ...id }, caller).catch((error: unknown) => {
      if (error instanceof Refusal) return error
      throw error
    })
    if (!(answer instanceof Refusal) && answer.status === 200) return
    const { copying } = readVersion(await this.#read(id, caller))
    if (!copying) return
    if (answer instanceof Refusal) throw answer
    throw new CallFailed(answer.status, parseAnswer(answer))
  }

  async #read(id: Version, caller: CallerCredentials): Promise<JsonObject> {
    const found = readFound(await this.#upstream.lookUp('/api/2.0/mlflow/model-versions/get', { ...id }, caller))
    const row = found?.get('model_version')
    if (row instanceof Map) return row
    throw new Refusal('not-found', `Model Version (name=${id.name}, version=${id.version}) not found`)
  }

  async #withdraw({ context }: Grant, id: Version, caller: CallerCredentials, cause: unknown): Promise<void> {
    const gone = await this.#upstream.write({ withdraw: 'version', ...id }, caller).then(
      ({ status }) => status === 200 || status === 404,
      () => false,
    )
    if (gone) return
    const shown = showName(context.config, context.environment, 'model', id.name) ?? id.name
    throw new Refusal(
      'registration-incomplete',
      `The files of version ${id.version} of model '${shown}' could not be stored, and the version still exists. Delete it, and register again. (${cause instanceof Refusal ? cause.message : 'See the log of the proxy.'})`,
    )
  }
}
