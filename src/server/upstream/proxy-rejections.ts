import type { JsonObject } from '../../policy/messages/json/json.ts'
import { parseIfJson } from '../../policy/messages/json/json-text.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'

/** MLflow's codes for FastAPI's statuses. */
const detailCodes = new Map([
  [400, 'INVALID_PARAMETER_VALUE'],
  [422, 'INVALID_PARAMETER_VALUE'],
  [501, 'NOT_IMPLEMENTED'],
])

/**
 * MLflow's error; errors of its artifact routes in FastAPI's form are converted to MLflow's. Null for any other answer,
 * which may come from an intermediary between the proxy and MLflow.
 */
export function readOwnError({ status, text }: Pick<UpstreamAnswer, 'status' | 'text'>): JsonObject | null {
  const value = parseIfJson(text)
  if (!(value instanceof Map)) return null
  if (typeof value.get('error_code') === 'string') return value
  const detail = value.get('detail')
  const errorCode = detailCodes.get(status)
  if (errorCode === undefined || typeof detail !== 'string') return null
  return new Map([
    ['error_code', errorCode],
    ['message', detail],
  ])
}
