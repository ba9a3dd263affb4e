import type { IncomingMessage } from 'node:http'
import { Refusal } from '../../policy/reasons.ts'
import type { OwnToken } from '../credentials/open-credentials.ts'
import { checkLocalCaller } from '../network/local-caller.ts'

/** The process's own identity on one of its listeners. */
export interface Sidecar {
  readonly token: OwnToken
  /** Whether callers come by a Unix socket. */
  readonly bySocket: boolean
}

/**
 * Gives a caller's request the token of the process itself in place of any that it has. All that comes after takes it for the caller's own:
 * it is verified, has groups, and may be passed on. Throws Refusal 'unauthenticated' for whoever is not a program on this machine.
 */
export async function lendIdentity(message: IncomingMessage, { token, bySocket }: Sidecar): Promise<string> {
  checkLocalCaller(message, bySocket)
  const own = await token.read()
  const authorization = `Bearer ${own}`
  const { rawHeaders } = message
  const others = rawHeaders.flatMap((name, index) =>
    index % 2 === 1 || name.toLowerCase() === 'authorization' ? [] : [name, rawHeaders[index + 1] ?? ''],
  )
  // Read first: Node makes these from the raw ones once.
  message.headers.authorization = authorization
  message.rawHeaders = [...others, 'Authorization', authorization]
  return own
}

/** A token of the process itself that does not hold: it is replaced, and nobody can do more about it than the operators. */
export function refuseOwn(error: unknown, own: string, token: OwnToken): unknown {
  if (!(error instanceof Refusal) || error.reason !== 'unauthenticated') return error
  token.drop?.(own)
  return new Refusal(
    'unauthenticated',
    `The identity of this sidecar is not accepted. ${error.message} Tell the operators of the proxy.`,
  )
}
