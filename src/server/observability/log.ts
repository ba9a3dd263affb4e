import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'

// HTTP parser errors contain the bytes that they could not parse: only known-harmless properties are logged.
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? { code: String(error.code) } : {}
  return { type: error.name, ...code, message: error.message, stack: error.stack }
}

/** The program's log: JSON, one object per line. */
export function createLog(level: 'debug' | 'info' | 'warn' | 'error', destination: DestinationStream): Logger {
  const redact = ['authorization', '*.authorization', 'headers.authorization']
  const options: LoggerOptions = { level, base: null, redact, serializers: { err: describe } }
  return pino(options, destination)
}
