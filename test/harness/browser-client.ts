import { request } from 'node:http'
import { text } from 'node:stream/consumers'

/** What a browser got. */
export interface Page {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

const navigation = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
}

/** A browser without its pages: it keeps cookies by host and follows redirects. `hosts` says where public origins really are. */
export class BrowserClient {
  readonly #hosts: Readonly<Record<string, string>>
  readonly #jars = new Map<string, Map<string, string>>()
  /** Every address that was opened. */
  readonly visited: string[] = []

  constructor(hosts: Readonly<Record<string, string>>) {
    this.#hosts = hosts
  }

  /** The cookies of an origin, to look at and to change. */
  jar(origin: string): Map<string, string> {
    const jar = this.#jars.get(origin) ?? new Map<string, string>()
    this.#jars.set(origin, jar)
    return jar
  }

  /** Sends one request with the cookies of its origin. */
  async send(address: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Page> {
    const { origin, host, pathname, search } = new URL(address)
    const real = new URL(this.#hosts[origin] ?? origin)
    const jar = this.jar(origin)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = { host, ...(cookie === '' ? {} : { cookie }), ...headers }
    const { hostname, port } = real
    const page = await new Promise<Page>((resolve, reject) => {
      const asked = request({ hostname, port, path: `${pathname}${search}`, method, headers: sent, agent: false }, (answer) => {
        text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: body }), reject)
      })
      asked.once('error', reject).end()
    })
    for (const line of page.headers['set-cookie'] ?? []) keepCookie(jar, line)
    return page
  }

  /** Opens a page as a person does, and follows redirects; `stopAt`: at an address that starts so, which is then not opened. */
  async open(address: string, stopAt?: string): Promise<Page & { readonly address: string }> {
    this.visited.push(address)
    const page = await this.send(address, { ...navigation, 'sec-fetch-site': 'none' })
    const { location } = page.headers
    if (typeof location !== 'string' || page.status < 300 || page.status > 308) return { ...page, address }
    const next = new URL(location, address).href
    if (stopAt !== undefined && next.startsWith(stopAt)) return { ...page, address: next }
    return this.open(next, stopAt)
  }

  /** Presses a button of a form on one of the origin's own pages. */
  press(address: string): Promise<Page> {
    const { origin } = new URL(address)
    const form = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '0' }
    return this.send(address, { ...navigation, ...form, origin, 'sec-fetch-site': 'same-origin' }, 'POST')
  }
}

function keepCookie(jar: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? []
  const isGone = /Max-Age=0|Expires=Thu, 01 Jan 1970/i.test(line)
  if (isGone) jar.delete(name)
  else jar.set(name, value)
}
