import { once } from 'node:events'
import { chmod, lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'

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

/** What can listen on a Unix socket. */
interface SocketListener {
  listen(where: { readonly path: string }): Promise<unknown>
}

/** Listens on a Unix socket, in place of one that is abandoned. Rejects with Node's error. */
export async function listenOnSocket(listener: SocketListener, path: string): Promise<void> {
  if (await isAbandoned(path)) await unlink(path)
  await listener.listen({ path })
  await chmod(path, mode)
}
