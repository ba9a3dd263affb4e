import { OperationProcessingError, ResponseBodyError } from 'oauth4webapi'
import { isMapping } from '../config/mapping.ts'

/**
 * What an issuer says instead of a token. Only its codes are kept: its sentences, and the causes of the library's errors, may hold what
 * nobody should read in a log.
 */
export class IssuerError extends Error {
  override readonly name = 'IssuerError'
  /** The error code of OAuth; empty if there is none. */
  readonly error: string
  /** Microsoft Entra ID's own numbers. */
  readonly numbers: readonly number[]
  /** Seconds for which the issuer asks not to be asked again; 0 if it does not. */
  retryAfter = 0

  constructor(message: string, error = '', numbers: readonly number[] = []) {
    super(message)
    this.error = error
    this.numbers = numbers
  }
}

/** An answer without a token. */
export function noToken(status: number): IssuerError {
  return new IssuerError(`the issuer answers ${status} without a token`)
}

/** The error that a body names, in OAuth's form, which Azure's endpoints for managed identities share; null if it names none. */
export function namedError(body: unknown): IssuerError | null {
  if (!isMapping(body) || typeof body.error !== 'string' || !/^[A-Za-z0-9_.-]{1,64}$/.test(body.error)) return null
  const numbers = Array.isArray(body.error_codes) ? body.error_codes.map(Number).filter(Number.isSafeInteger) : []
  return new IssuerError(`the issuer answers ${showCodes({ error: body.error, numbers })}`, body.error, numbers)
}

/** The codes, for a sentence. */
export function showCodes({ error, numbers }: Pick<IssuerError, 'error' | 'numbers'>): string {
  return numbers.length === 0 ? error : `${error} (${numbers.map((number) => `AADSTS${number}`).join(', ')})`
}

/** The same error, but for those of the OAuth library, whose causes hold whole answers. */
export function withoutAnswer(error: unknown, status: number, retryAfter: number): unknown {
  const said = withoutText(error, status)
  if (said instanceof IssuerError) said.retryAfter = retryAfter
  return said
}

function withoutText(error: unknown, status: number): unknown {
  if (error instanceof IssuerError) return error
  if (error instanceof ResponseBodyError) return namedError(error.cause) ?? noToken(error.status)
  return error instanceof OperationProcessingError || status > 0 ? noToken(status) : error
}
