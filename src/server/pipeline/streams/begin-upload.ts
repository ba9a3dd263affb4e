import type { FastifyRequest } from 'fastify'
import type { Grant } from '../../../policy/grant.ts'
import { Refusal } from '../../../policy/reasons.ts'
import type { RequestContext } from '../../http/request-context.ts'
import { abortSignalOf } from '../../network/request-end.ts'
import type { Pipeline } from '../pipeline.ts'
import { UploadBody, type UploadOptions } from './upload-body.ts'

/** Bytes of an upload that are read before the upstream is contacted: small uploads then occupy nothing while they arrive. */
const readAhead = 256 * 1024
/** Time limit in milliseconds for the final check: meanwhile a server with one worker answers nothing else. */
const longestLook = 15_000

/** Checks again whether an upload is allowed, and holds off promotions from then until it ends. */
export class LastLook {
  readonly #pipeline: Pipeline
  readonly #requestContext: RequestContext
  readonly #grant: Grant
  #release: () => void = () => undefined
  #isOver = false

  constructor(pipeline: Pipeline, requestContext: RequestContext, grant: Grant) {
    this.#pipeline = pipeline
    this.#requestContext = requestContext
    this.#grant = grant
  }

  /** Throws the current decision's refusal. May be called again before a retry. */
  async look(): Promise<void> {
    this.#release()
    const { release } = await this.#hold()
    this.#release = release
    // Nobody waits for the check any more.
    if (this.#isOver) release()
  }

  async #hold(): Promise<{ readonly release: () => void }> {
    const { credentials } = this.#requestContext
    const late = AbortSignal.timeout(longestLook)
    const signal = credentials.signal === undefined ? late : AbortSignal.any([abortSignalOf(credentials.signal), late])
    try {
      return await this.#pipeline.hold({ ...this.#requestContext, credentials: { ...credentials, signal } }, this.#grant, true)
    } catch (error) {
      if (error !== late.reason) throw error
      throw new Refusal(
        'upstream-unavailable',
        'MLflow does not answer other requests during this upload. Try again shortly; if that does not help, it needs more workers.',
      )
    }
  }

  over(): void {
    this.#isOver = true
    this.#release()
  }
}

/** The body of a granted upload, once its beginning has arrived; or all of it, if `whole` is set and the disk has room. Throws `clientGone`. */
export async function beginUpload(raw: FastifyRequest['raw'], options: UploadOptions, whole = false): Promise<UploadBody> {
  // The body has its own time limit, which knows which side pauses.
  raw.socket.setTimeout(0)
  const upload = new UploadBody(raw, options)
  try {
    await upload.readAhead(readAhead)
    if (whole) await upload.spool()
  } catch (error) {
    upload.stop()
    throw error
  }
  return upload
}
