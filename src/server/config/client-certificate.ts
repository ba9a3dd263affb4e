import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readSmallFile } from './secret-file.ts'

/** A certificate of an application. */
export interface ClientCertificate {
  /** SHA-256 of the certificate, base64url. */
  readonly thumbprint: string
  readonly key: KeyObject
}

const instead = 'write the certificate and its RSA private key into it, one after the other, in PEM'

function parse<T>(file: string, what: string, read: () => T): T {
  try {
    return read()
  } catch {
    // Node's own words may repeat what is in the file.
    throw new Error(`the file ${file} has no ${what} that can be read; ${instead}`)
  }
}

/** The certificate and the private key in a PEM file. Throws when it cannot be read, or is not what an issuer could accept. */
export function readClientCertificate(file: string): ClientCertificate {
  const pem = readSmallFile(file)
  const certificate = parse(file, 'certificate', () => new X509Certificate(pem))
  const key = parse(file, 'private key without a passphrase', () => createPrivateKey(pem))
  if (key.asymmetricKeyType !== 'rsa') throw new Error(`the file ${file} has a key that is not RSA; ${instead}`)
  if (!certificate.checkPrivateKey(key)) throw new Error(`the file ${file} has a private key of another certificate; ${instead}`)
  return { thumbprint: Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'), key }
}
