import type { FastifyRequest } from 'fastify'
import type { Grant } from '../../../policy/grant.ts'
import { Refusal } from '../../../policy/reasons.ts'
import type { RequestContext } from '../../http/request-context.ts'
import { abortSignalOf } from '../../network/request-end.ts'
import type { Pipeline } from '../pipeline.ts'
import { UploadBody, type UploadOptions } from './upload-body.ts'

/** Bytes of an upload that are read before the upstream is asked: small ones hold nothing of it while they come. */
const readAhead = 256 * 1024
/** Milliseconds that the last look may take: while it takes an upload, a server with one worker answers nothing else. */
const longestLook = 15_000

/** Looks again whether an upload is allowed, and keeps promotions away from then on until it is over. */
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

  /** Throws what the decision now says. May be called again, for what is sent again. */
  async look(): Promise<void> {
    this.#release()
    const { release } = await this.#hold()
    this.#release = release
    // Nobody waits for the look any more.
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

/** The body of a granted upload, the beginning of which has come; all of it, where `whole` says so and the disk has room. Throws `clientGone`. */
export async function beginUpload(raw: FastifyRequest['raw'], options: UploadOptions, whole = false): Promise<UploadBody> {
  // The body has a limit of its own, which knows whose pause it is.
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
