// Plain @fastify/http-proxy. JavaScript, for its start is measured.
import proxy from '@fastify/http-proxy'
import Fastify from 'fastify'

const [port, upstream] = process.argv.slice(2)
const app = Fastify({ bodyLimit: Number.MAX_SAFE_INTEGER })
app.register(proxy, { upstream, undici: { connections: 64 } })
await app.listen({ port: Number(port), host: '127.0.0.1' })
