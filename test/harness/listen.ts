import { once } from 'node:events'
import type { Server } from 'node:net'

/** Lets a server listen on this machine alone, on a free port unless one is given; answers with the port. */
export async function listen(server: Server, port = 0): Promise<number> {
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}
