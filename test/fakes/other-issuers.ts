import Provider from 'oidc-provider'
import { bearerOf, giveJson, listenLocally, makeSigner, makeSigningKey, type Signer } from './signer.ts'

type Running<More = unknown> = Signer & { close(): Promise<void> } & More

const nothingKept = () => {
  const nothing = async () => undefined
  return {
    upsert: nothing,
    find: nothing,
    findByUid: nothing,
    findByUserCode: nothing,
    consume: nothing,
    destroy: nothing,
    revokeByGrantId: nothing,
  }
}

/** An OpenID Connect issuer by the certified library oidc-provider, with an application that is in `groups`. `request` gets it a token. */
export async function startProvider(groups: readonly string[]): Promise<Running<{ request(): Promise<string> }>> {
  const key = await makeSigningKey('ES256', 'provider-1')
  const client = { client_id: 'job', client_secret: 'job-secret' }
  const { address, close } = await listenLocally(async (issuer) =>
    new Provider(issuer, {
      adapter: nothingKept,
      jwks: { keys: [key.privateJwk] },
      clients: [{ ...client, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
      enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => 'https://mlflow.example',
          getResourceServerInfo: () => ({
            scope: 'use',
            audience: 'mlflow',
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'ES256' } },
          }),
        },
      },
      clientDefaults: { id_token_signed_response_alg: 'ES256' },
      extraTokenClaims: () => ({ groups: [...groups] }),
    }).callback(),
  )
  const signer = makeSigner(address, 'ES256', key, { aud: 'mlflow', sub: 'job', client_id: 'job', groups })
  const request = async () => {
    const authorization = `Basic ${Buffer.from('job:job-secret').toString('base64')}`
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'use' })
    const answer = await fetch(`${address}/token`, { method: 'POST', headers: { authorization }, body })
    const { access_token: token }: { access_token?: string } = JSON.parse(await answer.text())
    if (token === undefined) throw new Error(`the provider answered ${answer.status}`)
    return token
  }
  return { ...signer, request, close }
}

/** A cluster that shows its keys only to whoever has `nodeToken`, as Kubernetes does unless it is told otherwise. */
export async function startCluster(namespace: string, nodeToken: string): Promise<Running> {
  const key = await makeSigningKey('RS256', 'cluster-1')
  const { address, close } = await listenLocally(() => (request, response) => {
    if (bearerOf(request) !== nodeToken) return giveJson(response, 401, {})
    // As the API server does it: its key set is of that type alone.
    if (!request.headers.accept?.includes('application/jwk-set+json')) return giveJson(response, 406, {})
    giveJson(response, request.url === '/openid/v1/jwks' ? 200 : 404, { keys: [key.publicKey] })
  })
  const sub = `system:serviceaccount:${namespace}:train`
  const details = { namespace, serviceaccount: { name: 'train', uid: 'u' }, pod: { name: 'p', uid: 'v' } }
  return { ...makeSigner(address, 'RS256', key, { aud: ['mlflow'], sub, 'kubernetes.io': details }), close }
}

/** Who holds a token of the workspace, as SCIM says it. */
interface Holder {
  readonly id: string
  readonly userName: string
  readonly active: boolean
  readonly groups: readonly { readonly display: string }[]
}

/** A workspace as far as its own tokens go: keys of its OAuth tokens, and SCIM `Me` for those and for personal access tokens. */
export interface FakeHolders {
  /** By personal access token. */
  readonly personal: Map<string, Holder>
  /** The holder of every OAuth token. */
  holder: Holder
  /** Tokens that the workspace was asked about. */
  readonly asked: string[]
}

export async function startWorkspaceTokens(group: string): Promise<Running<FakeHolders>> {
  const key = await makeSigningKey('RS256', 'workspace-1')
  const holder: Holder = { id: '42', userName: 'ada@example.com', active: true, groups: [{ display: group }] }
  const state: FakeHolders = { personal: new Map(), holder, asked: [] }
  const { address, close } = await listenLocally((url) => (request, response) => {
    if (request.url === '/oidc/.well-known/openid-configuration')
      return giveJson(response, 200, { issuer: `${url}/oidc`, jwks_uri: `${url}/oidc/jwks.json` })
    if (request.url === '/oidc/jwks.json') return giveJson(response, 200, { keys: [key.publicKey] })
    if (request.url !== '/api/2.0/preview/scim/v2/Me') return giveJson(response, 404, {})
    const token = bearerOf(request)
    state.asked.push(token)
    const known = token.startsWith('dapi') ? state.personal.get(token) : state.holder
    if (known === undefined) return giveJson(response, 403, { error_code: '403', message: 'Invalid access token.' })
    giveJson(response, 200, known)
  })
  const issuer = `${address}/oidc`
  return Object.assign(state, makeSigner(issuer, 'RS256', key, { aud: 'workspace', sub: 'ada@example.com' }), { close })
}
