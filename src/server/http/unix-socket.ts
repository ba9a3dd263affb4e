import { once } from 'node:events'
import { chmod, lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** For the user and the group. */
const mode = 0o660

/** Whether a socket is there that nobody listens on: what a program that was killed leaves behind. */
async function isAbandoned(path: string): Promise<boolean> {
  const isSocket = await lstat(path).then(
    (stats) => stats.isSocket(),
    () => false,
  )
  if (!isSocket) return false
  const probe = connect(path)
  const code = await once(probe, 'connect').then(
    () => '',
    (error: NodeJS.ErrnoException) => error.code,
  )
  probe.destroy()
  return code === 'ECONNREFUSED'
}

/** Listens on a Unix socket, in place of one that is abandoned. Rejects with Node's error. */
export async function listenOnSocket(app: FastifyInstance, path: string): Promise<void> {
  if (await isAbandoned(path)) await unlink(path)
  await app.listen({ path })
  await chmod(path, mode)
}
