import { AsyncLocalStorage } from 'node:async_hooks'
import type { End } from '../../network/request-end.ts'
import type { UploadBody } from './upload-body.ts'

/** One exchange of streamed bytes between a client and the upstream. */
export interface Transfer {
  /** Aborted with `clientGone` if the client disconnects. */
  readonly gone: End
  /** The client's body; null for downloads. */
  readonly upload: UploadBody | null
  /** Called once, when the upstream is done: it has answered, was not contacted, or its time is up. */
  settled(): void
}

/** A transfer with the granted path and query. */
export interface AddressedTransfer extends Transfer {
  readonly target: string
}

/** @fastify/http-proxy has no other way to pass these to its dispatcher. */
export const transfers = new AsyncLocalStorage<AddressedTransfer>()
