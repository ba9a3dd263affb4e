import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'

// Errors of HTTP parsers carry the bytes that they could not read: only what is known to be harmless is written.
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? { code: String(error.code) } : {}
  return { type: error.name, ...code, message: error.message, stack: error.stack }
}

/** The program's log: JSON, one object a line. */
export function createLog(level: 'debug' | 'info' | 'warn' | 'error', destination: DestinationStream): Logger {
  const redact = ['authorization', '*.authorization', 'headers.authorization']
  const options: LoggerOptions = { level, base: null, redact, serializers: { err: describe } }
  return pino(options, destination)
}
