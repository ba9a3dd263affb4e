import type { FastifyRequest } from 'fastify'
import { decodeUtf8, parseJson } from '../../policy/messages/json/json-text.ts'
import { Refusal } from '../../policy/reasons.ts'
import { bodyOf } from '../http/body-parser.ts'
import type { Named } from './promotion-case.ts'

const steps = ['ask', 'approve', 'decline', 'withdraw'] as const
export type Step = (typeof steps)[number]

/** Bytes. */
const longestBody = 16 * 1024

const keys = ['from', 'to', 'model', 'version'] as const

/** The fields of a request, each once. */
type Fields = ReadonlyMap<string, string>

function fieldsOf(pairs: Iterable<readonly [string, unknown]>): Fields {
  const fields = new Map<string, string>()
  for (const [key, value] of pairs) {
    if (fields.has(key)) throw new Refusal('malformed', `'${key.slice(0, 20)}' is given more than once.`)
    if (typeof value !== 'string' || value.length > 1_000)
      throw new Refusal('malformed', `'${key.slice(0, 20)}' must be a text of at most 1000 characters.`)
    fields.set(key, value)
  }
  return fields
}

/** Whether the body is a form of the proxy's own page. */
export function isForm({ headers }: FastifyRequest): boolean {
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
}

function refuseUnknown(fields: Fields, known: readonly string[]): void {
  const unknown = [...fields.keys()].find((key) => !known.includes(key))
  if (unknown !== undefined) throw new Refusal('malformed', `There is no field '${unknown.slice(0, 20)}': ${known.join(', ')}.`)
}

/** What a query says of a promotion; what it leaves out is ''. Throws `malformed`. */
export function readNamed({ raw }: FastifyRequest): Named {
  const fields = fieldsOf(new URL(raw.url ?? '/', 'http://localhost').searchParams)
  refuseUnknown(fields, keys)
  const [from = '', to = '', model = '', version = ''] = keys.map((key) => fields.get(key))
  return { from, to, model, version }
}

/** What a body says is to be done. Throws `malformed`. */
export async function readStep(request: FastifyRequest): Promise<Named & { readonly step: Step }> {
  if (Number(request.headers['content-length'] ?? 0) > longestBody) throw new Refusal('too-large', 'The body is too large.')
  const text = decodeUtf8(await bodyOf(request))
  const value = isForm(request) ? new URLSearchParams(text) : parseJson(text)
  if (!(value instanceof Map || value instanceof URLSearchParams)) throw new Refusal('malformed', 'Send a JSON object.')
  const fields = fieldsOf(value)
  refuseUnknown(fields, ['action', ...keys])
  const step = steps.find((each) => each === fields.get('action'))
  if (step === undefined) throw new Refusal('invalid-parameter', `The action must be one of ${steps.join(', ')}.`)
  const missing = keys.find((key) => !fields.get(key))
  if (missing !== undefined) throw new Refusal('invalid-parameter', `Missing value for required parameter '${missing}'.`)
  const [from = '', to = '', model = '', version = ''] = keys.map((key) => fields.get(key))
  return { step, from, to, model, version }
}
