import { BlockList, isIP } from 'node:net'
import type { Finding } from './config-problem.ts'

/** How the proxy reaches other machines. */
export interface Outbound {
  /** The forward proxies for addresses with http and https; null: none. They may hold a user name and password. */
  readonly httpProxy: string | null
  readonly httpsProxy: string | null
  /** As `NO_PROXY` has them, in lower case. */
  readonly noProxy: readonly string[]
  /** Certificate authorities that are trusted besides those that Node trusts. */
  readonly caFile: string | null
}

/** An address that is about to be connected to; `port` is '' for that of the protocol. */
export interface Target {
  readonly protocol: string
  readonly hostname: string
  readonly port: string
}

function variableOf(env: NodeJS.ProcessEnv, name: string): { readonly variable: string; readonly text: string } {
  const variable = env[name.toLowerCase()] === undefined ? name : name.toLowerCase()
  return { variable, text: (env[variable] ?? '').trim() }
}

/** A forward proxy, or what is wrong with the variable. The text is not repeated: it may hold a password. */
function readProxy(env: NodeJS.ProcessEnv, name: string, findings: Finding[]): string | null {
  const { variable, text } = variableOf(env, name)
  if (text === '') return null
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  const good = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && new URL(url).hostname !== ''
  if (good) return new URL(url).href
  const message = `${variable} is not the address of an HTTP proxy; write for example http://proxy.example.com:3128`
  findings.push({ path: [], message, place: { line: 0, column: 0, variable } })
  return null
}

/** The forward proxies that the environment names: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, of which lower case counts more. */
export function readProxySettings(env: NodeJS.ProcessEnv): { settings: Omit<Outbound, 'caFile'>; findings: Finding[] } {
  const findings: Finding[] = []
  const noProxy = variableOf(env, 'NO_PROXY')
    .text.toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
  const [httpProxy, httpsProxy] = [readProxy(env, 'HTTP_PROXY', findings), readProxy(env, 'HTTPS_PROXY', findings)]
  return { settings: { httpProxy, httpsProxy, noProxy }, findings }
}

function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function isWithin(host: string, network: string): boolean {
  const [address = '', prefix = ''] = network.split('/')
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  if (family === 0 || isIP(host) !== family || !/^[0-9]{1,3}$/.test(prefix) || Number(prefix) > most) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(address, Number(prefix), type)
  return list.check(host, type)
}

/** Whether an entry of `NO_PROXY` names an address: `*`, a network, an address, a domain with all below it; with or without a port. */
function names(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isWithin(host, bare(entry))
  const [, name = entry, of] = /^(\[[^\]]*\]|[^:]*):([0-9]+)$/.exec(entry) ?? []
  if (of !== undefined && of !== port) return false
  const domain = bare(name).replace(/^\*?\./, '')
  return domain !== '' && (host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`)))
}

/** The forward proxy that an address is reached through; null: it is reached directly, as this machine itself always is. */
export function proxyFor(outbound: Outbound | undefined, { protocol, hostname, port }: Target): URL | null {
  const proxy = protocol === 'https:' ? outbound?.httpsProxy : outbound?.httpProxy
  if (outbound === undefined || proxy == null) return null
  const host = bare(hostname)
  const number = port || (protocol === 'https:' ? '443' : '80')
  if (isLoopback(host) || outbound.noProxy.some((entry) => names(entry, host, number))) return null
  return new URL(proxy)
}
