import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'

const maximumBytes = 64 * 1024
const keyBytes = 32

/** The trimmed content of a token file. Throws when it cannot be read or is no token. */
export function readSecretFile(file: string): string {
  const text = readSmallFile(file).toString('utf8').trim()
  if (text === '') throw new Error(`the file ${file} is empty; write the token into it`)
  if (!/^[!-~]+$/.test(text))
    throw new Error(`the file ${file} has spaces, several lines or non-ASCII characters; write only the token into it`)
  return text
}

/** The password in a file, without a line's end behind it. Throws when it cannot be read or is none. */
export function readPasswordFile(file: string): string {
  const text = readSmallFile(file)
    .toString('utf8')
    .replace(/\r?\n$/, '')
  if (text === '') throw new Error(`the file ${file} is empty; write the password into it`)
  if (/[\p{Cc}\uFFFD]/u.test(text))
    throw new Error(`the file ${file} has several lines, or is not UTF-8; write only the password into it`)
  return text
}

/**
 * The 32-byte key in a key file. The content is hexadecimal, base64 (also base64url), or else raw bytes, and stands for at least 32 bytes;
 * a longer key is condensed by SHA-256. Throws when it cannot be read or is too short.
 */
export function readKeyFile(file: string): Buffer {
  const content = readSmallFile(file)
  const key = decodeKey(content)
  if (key.length < keyBytes) {
    throw new Error(
      `the file ${file} has a key of ${key.length} bytes; write at least ${keyBytes}, for example with \`openssl rand -hex 32\``,
    )
  }
  return key.length === keyBytes ? key : createHash('sha256').update(key).digest()
}

function decodeKey(content: Buffer): Buffer {
  const text = content.toString('latin1').trim()
  if (!/^[ -~]*$/.test(text)) return content
  if (/^([0-9A-Fa-f]{2})+$/.test(text) && text.length >= 2 * keyBytes) return Buffer.from(text, 'hex')
  const base64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0)
  return base64.length >= keyBytes ? base64 : Buffer.from(text, 'latin1')
}

/** What keeps a file from being read so, or null. */
export function checkFile(read: (file: string) => unknown, file: string): string | null {
  try {
    read(file)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The content of a file of at most 64 KiB. Throws an error that says what is wrong with it. */
export function readSmallFile(file: string): Buffer {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    throw new Error(describeOpenError(file, error))
  }
  try {
    const status = fstatSync(descriptor)
    if (!status.isFile()) throw new Error(`${file} is not a file; write the path of a file`)
    if (status.size > maximumBytes)
      throw new Error(`the file ${file} is larger than ${maximumBytes / 1024} KiB; write only the secret into it`)
    return readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Why a file could not be opened, for a person. */
export function describeOpenError(file: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return `the file ${file} does not exist; write the path of an existing file`
  if (code === 'EACCES') return `this user may not read the file ${file}; change its permissions`
  return `the file ${file} cannot be opened (${String(code ?? error)}); write the path of a readable file`
}
