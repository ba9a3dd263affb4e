import { statSync } from 'node:fs'
import type { SecureContext } from 'node:tls'
import type { buildConnector } from 'undici'
import { type KeyPairFiles, readKeyPair } from '../config/key-pair.ts'

/** When the files were last changed; links are followed, as in a volume of Kubernetes. */
function stampOf({ certificateFile, keyFile }: KeyPairFiles): string {
  return [certificateFile, keyFile].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs).join(' ')
}

export type Connect = buildConnector.connector

/**
 * Connections with the client certificate that the files hold: they are looked at for each connection, and read again when they have changed.
 * While they cannot be read, the certificate before them counts. Throws where the first cannot be read.
 */
export function withClientCertificate(
  files: KeyPairFiles,
  contextOf: (pair: { cert: Buffer; key: Buffer }) => SecureContext,
  connectBy: (context: SecureContext) => Connect,
): Connect {
  const open = () => connectBy(contextOf(readKeyPair(files)))
  let stamp = stampOf(files)
  let connect = open()
  return (options, callback) => {
    const now = stampOf(files)
    if (now !== stamp) {
      try {
        connect = open()
        stamp = now
      } catch {
        // It is being replaced: the next connection looks again.
      }
    }
    return connect(options, callback)
  }
}
