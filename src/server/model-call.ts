import { type Readable, Transform } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../policy/reasons.ts'
import { readWhole } from './body.ts'

/** Milliseconds that a served model may take: to begin its answer, and between the parts of one. Databricks gives up before. */
export const modelPatience = 300_000
/** Bytes: as much as Databricks takes. */
const mostBytes = 16 * 1024 * 1024

function tooLarge(): Refusal {
  return new Refusal('too-large', 'A serving endpoint takes at most 16 MiB. Send several requests.')
}

/** The body of a call to a served model, as far as it is not too large. Throws `too-large` where its announced length is. */
export function boundedBody({ raw, headers }: FastifyRequest): Readable {
  if (Number(headers['content-length'] ?? 0) > mostBytes) throw tooLarge()
  let size = 0
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > mostBytes) done(tooLarge())
      else done(null, chunk)
    },
  })
  raw.once('close', () => {
    if (!raw.readableEnded) bounded.destroy()
  })
  // What is too much is read and dropped, so that the client gets to the answer.
  bounded.once('error', () => raw.resume())
  return raw.pipe(bounded)
}

/** The same read whole, where it has to be looked into. */
export function wholeBody(request: FastifyRequest): Promise<Uint8Array> {
  return readWhole(request, mostBytes, tooLarge)
}
