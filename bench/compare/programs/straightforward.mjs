// A rewriting proxy as one writes it in an afternoon, kept for comparison: Fastify, jose with a cache of tokens, JSON parsed and made whole again,
// undici. It renames models and filters searches of runs; artifacts are streams. JavaScript, for its start is measured.
import Fastify from 'fastify'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { Pool } from 'undici'

const [port, upstream, issuer, audience] = process.argv.slice(2)
const keys = createRemoteJWKSet(new URL(`${issuer}/discovery/v2.0/keys`))
const tokens = new LRUCache({ max: 10_000, ttl: 60_000 })
const pool = new Pool(upstream, { connections: 64 })

async function environmentOf(authorization) {
  const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1]
  if (token === undefined) throw Object.assign(new Error('no token'), { statusCode: 401 })
  const known = tokens.get(token)
  if (known !== undefined) return known
  const { payload } = await jwtVerify(token, keys, { issuer: `${issuer}/v2.0`, audience, algorithms: ['RS256'] })
  const environment = payload.roles?.find((role) => role.startsWith('apps_'))?.slice('apps_'.length)
  if (environment === undefined) throw Object.assign(new Error('no environment'), { statusCode: 403 })
  tokens.set(token, environment)
  return environment
}

function renamed(body, environment) {
  return body.name === undefined ? body : { ...body, name: `${body.name}_${environment}` }
}

function renamedBack(answer, environment) {
  const back = (item) => ({ ...item, name: item.name.slice(0, -environment.length - 1) })
  if (answer.model_versions) return { ...answer, model_versions: answer.model_versions.map(back) }
  if (answer.registered_model) return { ...answer, registered_model: back(answer.registered_model) }
  if (answer.runs) return { ...answer, runs: answer.runs.filter(({ info }) => info.lifecycle_stage === 'active') }
  return answer
}

const app = Fastify({ bodyLimit: 64 * 1024 * 1024 })
app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))
app.decorateRequest('environment', '')
app.addHook('onRequest', async (request) => {
  request.environment = await environmentOf(request.headers.authorization)
})

app.all('/api/2.0/mlflow/*', async ({ method, url, body, environment }, reply) => {
  const content = body ? JSON.stringify(renamed(body, environment)) : undefined
  const headers = { accept: 'application/json', ...(content && { 'content-type': 'application/json' }) }
  const answer = await pool.request({ method, path: url, headers, body: content })
  reply.code(answer.statusCode).type('application/json')
  return JSON.stringify(renamedBack(JSON.parse(await answer.body.text()), environment))
})

app.all('/api/2.0/mlflow-artifacts/*', async ({ method, url, headers: sent, body }, reply) => {
  const { 'content-length': length, 'content-type': type } = sent
  const headers = { ...(length && { 'content-length': length }), ...(type && { 'content-type': type }) }
  const answer = await pool.request({ method, path: url, headers, body })
  return reply.code(answer.statusCode).headers(answer.headers).send(answer.body)
})

await app.listen({ port: Number(port), host: '127.0.0.1' })
