import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { listen } from '../../harness/listen.ts'
import { startAdls } from './adls.ts'
import { type Answer, answerTo, DatabricksError, json, noSuchApi } from './answer.ts'
import { makeAuthenticator, type TokenIssuer } from './authenticate.ts'
import { startAzurite } from './azurite.ts'
import { readFields } from './call.ts'
import type { Member, NewMember } from './directory.ts'
import { makeGroups, makeRegistry } from './groups.ts'
import type { Registration } from './interior.ts'
import type { Registry } from './model-versions.ts'
import { makeRateLimit, type Rates } from './rates.ts'
import { type Refusing, refusal, refuseDisabledRegistry } from './refusals.ts'
import { makeRouter } from './router.ts'
import type { Storage } from './storage.ts'

/** How a workspace is set up. */
export interface WorkspaceOptions {
  /** A real MLflow server that keeps artifacts at `mlflow-artifacts:/`; what it has before belongs to nobody but admins. */
  readonly mlflow: { readonly url: string }
  /** Whose tokens are taken. */
  readonly issuer: TokenIssuer
  /** What answers at /oidc/v1/token, where the workspace itself issues tokens too (fact 60). */
  readonly oauth?: RequestListener
  /** Which kind of Azure storage the workspace has, and so which credentials it gives (fact 48). */
  readonly storage: 'blob' | 'adls'
  /** Limits; none unless told. */
  readonly rates?: Rates
  /**
   * Whether a metastore is assigned; default no, and then Unity Catalog's routes answer 404. In `defaultStorage` nobody gets a token for
   * the files of a version, but signed URLs of the Files API [mlflow 3.17.2 store/_unity_catalog/registry/rest_store.py].
   */
  readonly unityCatalog?: boolean | 'defaultStorage'
  /** Whether the workspace's own registry is there; default yes, as in accounts of before April 2024. */
  readonly workspaceRegistry?: 'enabled' | 'disabled'
  /** How long signed URLs are good for; default an hour. A function says it of each anew. */
  readonly credentialSeconds?: number | (() => number)
  /** How versions are registered; by default pending while their files are copied, and free to be moved meanwhile. */
  readonly registration?: Partial<Registration>
  /** Entries of one page of a listing of artifacts; default 1000. */
  readonly pageSize?: number
}

/** One request that reached the workspace. */
interface RecordedCall {
  readonly method: string
  readonly path: string
  readonly search: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly caller: Member | null
  readonly status: number
}

/** A running stand-in for a Databricks workspace. */
export interface Workspace {
  readonly url: string
  readonly id: string
  /** Object ids of members by their personal access tokens. */
  readonly personal: Map<string, string>
  readonly storage: Storage
  /** Adds a user or service principal; nobody else gets in, whatever Entra says. */
  add(member: NewMember): Member
  /** What was asked so far, in order of the answers. */
  calls(): readonly RecordedCall[]
  setRates(rates: Rates): void
  /** Calls whose path fits are turned away from now on, by default with 500, as by a workspace that is in trouble; null ends it. */
  fail(path: RegExp | null, how?: Refusing): void
  close(): Promise<void>
}

const workspaceId = '1234567890123456'

/** Unity Catalog where no metastore is assigned [the message: github.com/databricks/terraform-provider-databricks issue 1632]. */
function withoutMetastore(path: string): DatabricksError | null {
  if (!/^\/api\/2\.\d\/(?:mlflow\/)?unity-catalog\//.test(path)) return null
  return new DatabricksError(404, 'METASTORE_DOES_NOT_EXIST', 'No metastore assigned for the current workspace.')
}

function give(response: ServerResponse, { status, headers, body }: Answer) {
  // Fact 19.
  response.writeHead(status, { 'x-databricks-org-id': workspaceId, ...headers })
  if (body instanceof Readable) body.pipe(response)
  else response.end(status === 204 ? undefined : body)
}

/** What is answered without a token (facts 38 and 40). */
async function publicAnswer(path: string, url: string, { authority, tenantId }: TokenIssuer): Promise<Answer | null> {
  if (path === '/.well-known/databricks-config') {
    return json({ oidc_endpoint: `${url}/oidc`, workspace_id: workspaceId, cloud: 'azure' })
  }
  const issuer = `${url}/oidc`
  if (path === '/oidc/.well-known/openid-configuration') return json({ issuer, jwks_uri: `${issuer}/jwks.json` })
  // Its own tokens are signed with the same keys here.
  if (path === '/oidc/jwks.json')
    return json(JSON.parse(await (await fetch(`${authority}/${tenantId}/discovery/v2.0/keys`)).text()))
  if (path !== '/aad/auth') return null
  return { status: 302, headers: { location: `${authority}/${tenantId}/oauth2/authorize` }, body: '' }
}

/** What may change while a workspace runs. */
interface State {
  url: string
  readonly personal: Map<string, string>
  limit: (path: string) => void
  failing: { readonly path: RegExp; readonly how: Refusing } | null
}

/** What stands before a workspace, and what looks at callers' addresses, comes before everything else. */
const beforeTokens: ReadonlySet<Refusing> = new Set(['privateLink', 'ipAccessList', 'networkPolicy', 'gateway502'])

/** Old clients and old code ask below /preview; SCIM is only there (facts 12 and 18). */
function withoutPreview(path: string): string {
  return path.replace(/^\/api\/2\.0\/preview\/(mlflow|permissions)\//, '/api/2.0/$1/')
}

/** Answers requests: who asks, how often, for what. `seen` learns the caller. */
function makeAnswerer(options: WorkspaceOptions, registry: Registry, state: State) {
  const route = makeRouter(makeGroups(registry, options))
  const authenticate = makeAuthenticator(options.issuer, registry.directory, state.personal)
  return async (request: IncomingMessage, body: Buffer, seen: { caller: Member | null }): Promise<Answer> => {
    const { method = 'GET', headers } = request
    const { pathname, search } = new URL(request.url ?? '/', 'http://workspace')
    const failing = state.failing?.path.test(withoutPreview(pathname)) ? state.failing.how : null
    if (failing !== null && beforeTokens.has(failing)) return refusal(failing, pathname, workspaceId)
    const free = await publicAnswer(pathname, state.url, options.issuer)
    if (free !== null) return free
    const caller = await authenticate(headers)
    seen.caller = caller
    const path = withoutPreview(pathname)
    state.limit(path)
    if (failing !== null) return refusal(failing, pathname, workspaceId)
    if (options.workspaceRegistry === 'disabled') refuseDisabledRegistry(path)
    const match = route(method, path)
    if (match === null) throw (options.unityCatalog ? null : withoutMetastore(path)) ?? noSuchApi(method, pathname)
    const raw = /^\/(?:dbfs|api\/2\.0\/fs\/files)\//.test(path)
    const fields = raw ? {} : readFields(search, headers['content-type'] ?? '', body)
    return match.handle({ method, path, params: match.params, headers, body, search, caller, fields })
  }
}

/** Starts a stand-in for a Databricks workspace on a free port of this machine: a thin layer over a real MLflow server. */
export async function startWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const storage = await (options.storage === 'blob' ? startAzurite() : startAdls())
  const registry = makeRegistry(options, storage)
  const state: State = { url: '', personal: new Map(), limit: makeRateLimit(options.rates ?? {}), failing: null }
  const answer = makeAnswerer(options, registry, state)
  const calls: RecordedCall[] = []

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const body = await buffer(request)
    const seen: { caller: Member | null } = { caller: null }
    const given = await answer(request, body, seen).catch(answerTo)
    const { pathname, search } = new URL(request.url ?? '/', 'http://workspace')
    const { method = 'GET', headers } = request
    const asked = { method, path: pathname, search, headers, body: body.toString('utf8') }
    calls.push({ ...asked, caller: seen.caller, status: given.status })
    give(response, given)
  }

  const server = createServer((request, response) => {
    if (options.oauth !== undefined && request.url === '/oidc/v1/token') return void options.oauth(request, response)
    void serve(request, response).catch(() => response.destroy())
  })
  state.url = `http://127.0.0.1:${await listen(server)}`
  return {
    url: state.url,
    id: workspaceId,
    personal: state.personal,
    storage,
    calls: () => calls,
    setRates: (rates) => {
      state.limit = makeRateLimit(rates)
    },
    fail(path, how = 'trouble') {
      state.failing = path === null ? null : { path, how }
    },
    add(member) {
      const added = registry.directory.add(member)
      registry.folders.makeHome(added)
      return added
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await storage.close()
    },
  }
}
