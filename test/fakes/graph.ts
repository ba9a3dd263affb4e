import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { listen } from '../harness/listen.ts'

/** A group of the fake tenant. */
interface FakeGroup {
  readonly id: string
  readonly displayName: string
  readonly securityEnabled?: boolean
}

/** How the fake answers: as Graph does, with this status, or by dropping the connection. */
export type Mood = 'well' | 'drop' | { status: number; retryAfter?: string; body?: string }

/** A local stand-in for Microsoft Graph that knows members by `users/<id>` and `servicePrincipals/<id>`. */
export interface FakeGraph {
  readonly url: string
  readonly groups: FakeGroup[]
  readonly members: Map<string, string[]>
  /** The requests so far: method, path and Authorization. */
  readonly asked: { method: string; path: string; authorization: string | undefined }[]
  mood: Mood
  /** The most groups that getMemberGroups lists, and those of a page. */
  most: number
  pageSize: number
  /** Rewrites the link to the next page. */
  link: (link: string) => string
  readonly close: () => Promise<void>
}

function error(code: string) {
  return { error: { code, message: 'x' } }
}

export async function startGraph(): Promise<FakeGraph> {
  const server = createServer((request, response) => {
    const { status, body } = answer(request)
    if (status === 0) return void response.destroy()
    const wait = typeof graph.mood === 'object' ? graph.mood.retryAfter : undefined
    response
      .writeHead(status, { 'content-type': 'application/json', ...(wait === undefined ? {} : { 'retry-after': wait }) })
      .end(body)
  })
  const port = await listen(server)
  const url = `http://127.0.0.1:${port}`

  function answer(request: IncomingMessage): { status: number; body: string } {
    const address = new URL(request.url ?? '/', url)
    graph.asked.push({
      method: request.method ?? '',
      path: `${address.pathname}${address.search}`,
      authorization: request.headers.authorization,
    })
    if (graph.mood === 'drop') return { status: 0, body: '' }
    if (graph.mood !== 'well') return { status: graph.mood.status, body: graph.mood.body ?? JSON.stringify(error('x')) }
    const found = find(address)
    return { status: found.status, body: JSON.stringify(found.content) }
  }

  function find(address: URL): { status: number; content: object } {
    const [, version, kind, id = '', what] = address.pathname.split('/')
    if (version !== 'v1.0') return { status: 404, content: error('x') }
    if (kind === 'groups') return { status: 200, content: { value: named(address.searchParams.get('$filter') ?? '') } }
    const ids = graph.members.get(`${kind}/${id}`)
    if (ids === undefined) return { status: 404, content: error('Request_ResourceNotFound') }
    if (what === 'getMemberGroups') {
      return ids.length > graph.most
        ? { status: 400, content: error('Directory_ResultSizeLimitExceeded') }
        : { status: 200, content: { value: ids } }
    }
    return { status: 200, content: page(address, ids) }
  }

  function page(address: URL, ids: readonly string[]): object {
    const start = Number(address.searchParams.get('$skiptoken') ?? 0)
    const end = start + graph.pageSize
    const role = { '@odata.type': '#microsoft.graph.directoryRole', id: '99999999-0000-4000-8000-000000000000' }
    const value = [role, ...ids.slice(start, end).map((id) => ({ '@odata.type': '#microsoft.graph.group', id }))]
    const next = new URL(address)
    next.searchParams.set('$skiptoken', String(end))
    return { value, ...(end < ids.length ? { '@odata.nextLink': graph.link(next.href) } : {}) }
  }

  /** As Graph compares: without regard to case. */
  function named(filter: string): FakeGroup[] {
    const name = /^displayName eq '(.*)'$/.exec(filter)?.[1]?.replaceAll("''", "'").toLowerCase()
    return graph.groups.filter(({ displayName }) => displayName.toLowerCase() === name)
  }

  const graph: FakeGraph = {
    url,
    groups: [],
    members: new Map(),
    asked: [],
    mood: 'well',
    most: 11_000,
    pageSize: 999,
    link: (link) => link,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return graph
}
