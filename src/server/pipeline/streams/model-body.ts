import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../policy/reasons.ts'
import { readWhole } from '../../http/body-parser.ts'
import { UploadBody } from './upload-body.ts'

/** Bytes: as much as Databricks takes. */
const mostBytes = 16 * 1024 * 1024

function tooLarge(): Refusal {
  return new Refusal('too-large', 'A serving endpoint takes at most 16 MiB. Send several requests.')
}

/** The body of a call to a served model, as far as it is not too large. Throws `too-large` where its announced length is. */
export function modelBody({ raw, headers }: FastifyRequest, idle: number): UploadBody {
  if (Number(headers['content-length'] ?? 0) > mostBytes) throw tooLarge()
  raw.socket.setTimeout(0)
  return new UploadBody(raw, { idle, limit: { bytes: mostBytes, tooLarge } })
}

/** The same read whole, where it has to be looked into. */
export function wholeBody(request: FastifyRequest): Promise<Uint8Array> {
  return readWhole(request, mostBytes, tooLarge)
}
