import { Refusal } from '../../policy/reasons.ts'

/** The requested range is not in the file. `size` is the file's in bytes, if known. */
export class OutsideRange extends Refusal {
  readonly size: number | null
  constructor(size: number | null) {
    super('outside-range', 'The range is outside the artifact.')
    this.size = size
  }
}

/** The refusal for an answer with status 412 or 416, whose `Content-Range` contains the file's size. */
export function unmet(status: 412 | 416, contentRange: unknown): Refusal {
  if (status === 412)
    return new Refusal('precondition-failed', 'The artifact has changed and no longer matches the condition of the request.')
  const size = /^bytes \*\/([0-9]{1,15})$/.exec(typeof contentRange === 'string' ? contentRange : '')?.[1]
  return new OutsideRange(size === undefined ? null : Number(size))
}

/** The header with the file's size, for a request with an invalid range. */
export function sizeHeader(error: unknown): Record<string, string> {
  return error instanceof OutsideRange && error.size !== null ? { 'content-range': `bytes */${error.size}` } : {}
}
