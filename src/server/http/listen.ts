import type { Server } from 'node:net'
import type { Config } from '../config/config-types.ts'
import { StartError } from '../network/start-error.ts'

/** What can listen: on an address, or on a Unix socket. */
interface Listener {
  readonly server: Pick<Server, 'address'>
  listen(where: { host: string; port: number } | { path: string }): Promise<unknown>
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop the program that uses it, or choose another port',
  EACCES: 'this user may not use the port; choose one from 1024 on',
  EADDRNOTAVAIL: 'this machine does not have the address; choose another host',
  ENOTFOUND: 'the host name has no address; choose another one',
}

const socketProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'there is something else; stop the program that listens on it, or choose another path',
  // Node says the same of a folder that does not exist.
  EACCES: 'the folder does not exist, or this user may not write to it; create it, or choose another one',
}

/** Listens where the configuration says, and gives the address. Throws StartError. */
export async function listen(listener: Listener, key: 'listen' | 'admin' | 'databricksHost', config: Config) {
  const address = key === 'databricksHost' ? config.databricksHost?.listen : config[key]
  if (!address) return null
  const { host, port } = address
  const socket = key === 'listen' ? config.listen.socket : undefined
  try {
    if (socket === undefined) await listener.listen({ host, port })
    else await listener.listen({ path: socket })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const where = socket ?? `${host} port ${port}`
    const problems = socket === undefined ? listenProblems : socketProblems
    throw new StartError(`cannot listen on ${where} (${key}): ${problems[code] ?? String(error)}`)
  }
  return listener.server.address()
}
