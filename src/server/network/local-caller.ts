import type { IncomingMessage } from 'node:http'
import { Refusal } from '../../policy/reasons.ts'
import { isLoopback } from '../config/url-checks.ts'

/** Headers of those who pass on the requests of others. */
const forwarding = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const

function isOwnAddress(address: string | undefined): boolean {
  return address !== undefined && isLoopback(address.replace(/^::ffff:/, ''))
}

/** The host that a request names, without its port. */
function hostNameOf(host: string | undefined): string {
  return host !== undefined && URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : ''
}

/**
 * Throws Refusal 'unauthenticated' unless a program of this machine (or pod) itself sends the request: such programs need no token. Another
 * host name is that of a web page whose DNS was changed to reach this machine from a browser. `bySocket`: it came by a Unix socket, which
 * other machines and browsers do not reach.
 */
export function checkLocalCaller({ socket, headers }: IncomingMessage, bySocket = false): void {
  if (!bySocket && !isOwnAddress(socket.remoteAddress)) {
    throw new Refusal(
      'unauthenticated',
      'Only programs on the same machine or in the same pod may call this address without a token.',
    )
  }
  const forwarded = forwarding.find((name) => headers[name] !== undefined)
  if (forwarded !== undefined) {
    throw new Refusal(
      'unauthenticated',
      `The request was passed on by another program (it has the header ${forwarded}), and this address is only for programs on the same machine: call it directly.`,
    )
  }
  if (!bySocket && !isLoopback(hostNameOf(headers.host))) {
    throw new Refusal(
      'unauthenticated',
      'This address is only for programs on the same machine: call it as 127.0.0.1 or localhost.',
    )
  }
}
