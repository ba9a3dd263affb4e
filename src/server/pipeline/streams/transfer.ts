import { AsyncLocalStorage } from 'node:async_hooks'
import type { End } from '../../network/request-end.ts'
import type { UploadBody } from './upload-body.ts'

/** One exchange of streamed bytes between a client and the upstream. */
export interface Transfer {
  /** Aborted, with `clientGone`, when the client is no longer there. */
  readonly gone: End
  /** What the client sends; null where it only gets. */
  readonly upload: UploadBody | null
  /** Called once, when the upstream can do nothing more about it: it has answered, or was not asked, or its time is over. */
  settled(): void
}

/** A transfer with the path and query that were granted, as they are sent. */
export interface AddressedTransfer extends Transfer {
  readonly target: string
}

/** @fastify/http-proxy has no way to hand these through to what sends its requests. */
export const transfers = new AsyncLocalStorage<AddressedTransfer>()
