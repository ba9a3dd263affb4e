import { createPrivateKey, X509Certificate } from 'node:crypto'
import { checkFile, readSmallFile } from './secret-file.ts'

/** The files of a certificate and of its private key, in PEM. */
export interface KeyPairFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

/** What they hold. */
export interface KeyPair {
  readonly cert: Buffer
  readonly key: Buffer
}

function parse<T>(file: string, what: string, read: () => T): T {
  try {
    return read()
  } catch {
    // Node's own words may repeat what is in the file.
    throw new Error(`the file ${file} has no ${what} that can be read; write it there in PEM`)
  }
}

/** Reads both. Throws when one cannot be read, or the key is another certificate's. */
export function readKeyPair({ certificateFile, keyFile }: KeyPairFiles): KeyPair {
  const pair = { cert: readSmallFile(certificateFile), key: readSmallFile(keyFile) }
  const certificate = parse(certificateFile, 'certificate', () => new X509Certificate(pair.cert))
  const key = parse(keyFile, 'private key without a passphrase', () => createPrivateKey(pair.key))
  if (!certificate.checkPrivateKey(key))
    throw new Error(
      `the file ${keyFile} has a private key of another certificate than ${certificateFile}; write the one that belongs to it`,
    )
  return pair
}

/** What keeps a certificate and its key from being used, or null. `now` in milliseconds since 1970. */
export function checkKeyPair(files: KeyPairFiles, now: number): string | null {
  const check = (file: string) => {
    const { validToDate } = new X509Certificate(readKeyPair(files).cert)
    if (validToDate.getTime() > now) return
    throw new Error(
      `the certificate in ${file} has expired on ${validToDate.toISOString().slice(0, 10)}; write a current one into it`,
    )
  }
  return checkFile(check, files.certificateFile)
}
