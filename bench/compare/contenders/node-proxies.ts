import { fileURLToPath } from 'node:url'
import { freePort } from '../../../test/harness/program.ts'
import { type Kind, startContender } from '../contender.ts'

function nodeProxy(name: string): Kind {
  const program = fileURLToPath(new URL(`../programs/${name}.mjs`, import.meta.url))
  return {
    name,
    async start({ upstream, issuer, probe }) {
      const port = await freePort()
      const { authority, tenantId, audience } = issuer
      const args = [program, String(port), upstream, `${authority}/${tenantId}`, audience]
      return startContender({ name, port, command: process.execPath, args }, probe)
    },
  }
}

/** @fastify/http-proxy without any policy. */
export const plain = nodeProxy('plain')
/** What one would write in an afternoon; see programs/straightforward.mjs. */
export const straightforward = nodeProxy('straightforward')
