import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { KeyPair } from './key-pair.ts'
import type { Outbound } from './proxy-settings.ts'
import { describeOpenError } from './secret-file.ts'

/** The certificates in a PEM file. Throws where it cannot be read, holds none, or one that is broken. */
function readCertificates(file: string): string[] {
  let text: string
  try {
    text = readFileSync(file, 'latin1')
  } catch (error) {
    throw new Error(describeOpenError(file, error))
  }
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (found.length === 0)
    throw new Error(
      `the file ${file} contains no PEM certificate; write those of the authorities into it, from "-----BEGIN CERTIFICATE-----" on`,
    )
  return found
}

/** What keeps a file of certificate authorities from being used, or null. `now` in milliseconds since 1970. */
export function checkCaFile(file: string, now: number): string | null {
  let ends: readonly number[]
  try {
    ends = readCertificates(file).map((pem) => new X509Certificate(pem).validToDate.getTime())
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return message.startsWith('the file')
      ? message
      : `the file ${file} contains a certificate that cannot be read; write it again`
  }
  const last = Math.max(...ends)
  if (last > now) return null
  return `the certificates in ${file} have expired, the last on ${new Date(last).toISOString().slice(0, 10)}; write the current ones into it`
}

/** The authorities to verify with: Node's own (and those of NODE_EXTRA_CA_CERTS), and those of the file; null: as Node does. */
function authorities(outbound: Outbound | undefined): string[] | null {
  return outbound?.caFile == null ? null : [...getCACertificates('default'), ...readCertificates(outbound.caFile)]
}

/** The same, with a certificate of the proxy's own that servers ask for. */
export function clientContextOf(outbound: Outbound | undefined, pair: KeyPair): SecureContext {
  const ca = authorities(outbound)
  return createSecureContext({ ...pair, ...(ca === null ? {} : { ca }) })
}

const contexts = new Map<string, SecureContext>()

/** What certificates are verified with. Null: as Node does. */
export function secureContextOf(outbound: Outbound | undefined): SecureContext | null {
  const file = outbound?.caFile
  if (file == null) return null
  const known = contexts.get(file) ?? createSecureContext({ ca: authorities(outbound) ?? [] })
  contexts.set(file, known)
  return known
}
