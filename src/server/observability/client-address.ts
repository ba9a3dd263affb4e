import { BlockList, isIP } from 'node:net'

/** Tells the address that a request is from, by its connection's and its `X-Forwarded-For`. */
export type ClientAddressOf = (peer: string | null, forwardedFor: string | string[] | undefined) => string | null

function add(list: BlockList, entry: string): void {
  const [address = '', prefix] = entry.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (prefix === undefined) list.addAddress(address, family)
  else list.addSubnet(address, Number(prefix), family)
}

/** An address as proxies write it: with a port, in brackets, or an IPv4 address as one of IPv6. Null: it is none. */
function plainAddress(text: string): string | null {
  const [, bare = text] = /^\[([^\]]*)\](?::[0-9]+)?$/.exec(text) ?? /^([0-9.]+):[0-9]+$/.exec(text) ?? []
  const address = /^::ffff:[0-9.]+$/i.test(bare) ? bare.slice('::ffff:'.length) : bare
  return isIP(address) === 0 ? null : address
}

/**
 * The connection's address, unless that is one of the trusted proxies: then the last address of `X-Forwarded-For` that is none of them. What
 * stands before that one may be anybody's invention. `trusted`: addresses and networks.
 */
export function clientAddresses(trusted: readonly string[]): ClientAddressOf {
  const own = (peer: string | null) => (peer === null ? null : plainAddress(peer))
  if (trusted.length === 0) return own
  const list = new BlockList()
  for (const entry of trusted) add(list, entry)
  const isTrusted = (address: string) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return (peer, forwardedFor = '') => {
    let client = own(peer)
    const hops = String(forwardedFor).split(',')
    // Whoever connects by a Unix socket is on this machine, and so is a proxy before it.
    while (hops.length > 0 && (client === null || isTrusted(client))) {
      const hop = plainAddress(hops.pop()?.trim() ?? '')
      if (hop === null) break
      client = hop
    }
    return client
  }
}
