/** A request as it is sent over the wire. */
export interface WireRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer | null
  readonly chunked: boolean
  /** The client disconnects after this many bytes; beyond the end: before the answer. */
  readonly abortAt: number | null
}

/** Always exactly one HTTP message: framing is fuzzed elsewhere. */
const inLine = (text: string) => text.replace(/[\0\r\n]/g, '_')

/** The bytes of a request, always correctly framed. */
export function printRequest({ method, target, headers, body, chunked }: WireRequest): Buffer {
  const framing = body === null ? [] : [chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`]
  const lines = [
    `${method} ${inLine(target).replaceAll(' ', '+')} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${inLine(value)}`),
  ]
  const head = Buffer.from(`${[...lines, ...framing].join('\r\n')}\r\n\r\n`, 'latin1')
  if (body === null) return head
  if (!chunked) return Buffer.concat([head, body])
  const chunk = body.length === 0 ? [] : [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')]
  return Buffer.concat([head, ...chunk, Buffer.from('0\r\n\r\n')])
}

/** A readable form of a request, with everything but plain ASCII escaped. */
export function showRequest(request: WireRequest): string {
  const bytes = printRequest(request)
    .toString('latin1')
    .replace(/(Bearer )[\w.-]{40,}/g, '$1{token}')
  const text = JSON.stringify(bytes).replace(/[\u007f-\u00ff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`)
  const end = request.abortAt === null ? '' : ` aborted after ${request.abortAt} bytes`
  return `${text.length > 3000 ? `${text.slice(0, 3000)}…` : text}${end}`
}
