import type { IncomingMessage } from 'node:http'
import { bearerOf, giveJson, listenLocally } from './signer.ts'

/** What a stand-in for an API server answers, and how. */
export interface ReviewMood {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The whole answer; left out: that of an API server. */
  readonly body?: string
  /** It takes the question and says nothing. */
  readonly hangs?: boolean
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}

/** A stand-in for the TokenReview of an API server, for the faults that a real one has too seldom. Tokens in `gone` no longer hold. */
export async function startTokenReviews(username: string) {
  const state = { mood: {} as ReviewMood, gone: new Set<string>(), asked: [] as string[], bearers: [] as string[] }
  const { address, close } = await listenLocally(() => async (request, response) => {
    const { spec } = JSON.parse(await textOf(request))
    state.asked.push(spec.token)
    state.bearers.push(bearerOf(request))
    const { status = 201, headers = {}, body, hangs = false } = state.mood
    if (hangs) return
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (body !== undefined) return void response.writeHead(status).end(body)
    const holds = !state.gone.has(spec.token)
    // As Kubernetes says it: `authenticated` is left out where it is false.
    const said = holds
      ? { authenticated: true, user: { username, uid: 'u', groups: ['system:serviceaccounts'] }, audiences: spec.audiences }
      : { user: {}, error: '[invalid bearer token, Token has been invalidated]' }
    giveJson(response, status, { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', metadata: {}, spec, status: said })
  })
  return Object.assign(state, { url: address, close })
}
