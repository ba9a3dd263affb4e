import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../policy/reasons.ts'
import { readWhole } from '../../http/body-parser.ts'
import { UploadBody } from './upload-body.ts'

/** Bytes: Databricks' own limit. */
const mostBytes = 16 * 1024 * 1024

function tooLarge(): Refusal {
  return new Refusal('too-large', 'A serving endpoint takes at most 16 MiB. Send several requests.')
}

/** The body of a call to a served model, up to the limit. Throws `too-large` if its announced length exceeds it. */
export function modelBody({ raw, headers }: FastifyRequest, idle: number): UploadBody {
  if (Number(headers['content-length'] ?? 0) > mostBytes) throw tooLarge()
  raw.socket.setTimeout(0)
  return new UploadBody(raw, { idle, limit: { bytes: mostBytes, tooLarge } })
}

/** The same, read completely, if it must be examined. */
export function wholeBody(request: FastifyRequest): Promise<Uint8Array> {
  return readWhole(request, mostBytes, tooLarge)
}
