import { mutateBytes } from '../mutate-bytes.ts'
import { Random } from '../random.ts'

/** Bytes for a connection, and how they are sent. */
export interface Stream {
  readonly seed: number
  readonly bytes: Buffer
  /** Where the bytes are split into writes. */
  readonly cuts: readonly number[]
  /** What the client does after the last write. */
  readonly end: 'waits' | 'half-closes' | 'resets'
}

/** A word that is unique to one request of one stream, so that it can be recognised upstream. */
const wordOf = (seed: number, index: number) => `u${seed}n${index}x`
/** The words in a text. */
export const wordsIn = (text: string): string[] => text.match(/u[0-9]+n[0-9]+x/g) ?? []

const codings = [
  ...[
    'identity',
    'gzip',
    'chunked, identity',
    'identity, chunked',
    'chunked, chunked',
    'xchunked',
    'chunkedx',
    ' chunked ,',
    'CHUNKED',
  ],
  ...['"chunked"', 'chunked;q=1', '\x0bchunked', 'chunked\x00', '', 'chunked\t', '\tchunked'],
]
const lengths = [
  '0',
  '1',
  '5',
  '17, 17',
  '+17',
  '-1',
  '0x11',
  '17 17',
  '1e1',
  '',
  '99999999999999999999',
  '\xb217',
  '017',
  '1_7',
  '4294967296',
]
const sizes = [
  '0x5',
  '+5',
  '-5',
  '5 ',
  ' 5',
  'g',
  '',
  'FFFFFFFFFFFFFFFFF',
  '5;a=b',
  '5;a="\r\n"',
  '5\x00',
  '5\r',
  '00000005',
  '5;',
  '5\t',
]
const lineEnds = ['\n', '\r', '\r\r\n', '\n\r', '\r\n ', '\r\n\t', '\x0b', '\r\n\r\n', '']
const versions = ['HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'HTTP/1.1 ', 'HTTP/11.1', '', 'HTTP/1.1\0']
const lines = [
  ...[
    'Expect: 100-continue',
    'Expect: x',
    'Connection: close',
    'Connection: keep-alive, Upgrade',
    'Upgrade: websocket',
    'Upgrade: h2c',
  ],
  ...[
    'Connection: Transfer-Encoding',
    'Connection: Content-Length',
    'TE: trailers',
    'Trailer: Content-Length',
    'Host: evil',
    'X: a\r\n b',
  ],
  ...[
    'Content-Length : 5',
    ' Content-Length: 5',
    'Content\tLength: 5',
    'Content-Length\x00: 5',
    'Transfer-Encoding : chunked',
    'Nonsense',
  ],
  ...[': x', 'X\xff: y', 'X: \xff', 'X: \0', 'X: \r', `X: ${'a'.repeat(40_000)}`, '__proto__: x', 'Transfer_Encoding: chunked'],
]

interface Draft {
  readonly first: string
  readonly headers: string[]
  readonly body: string
}

/** A request inside the body of another: nothing may treat it as a separate request. */
function inside(token: string, word: string): string {
  return `GET /api/2.0/mlflow/experiments/get-by-name?experiment_name=${word} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`
}

function draft(random: Random, token: string, seed: number, index: number): Draft {
  const word = wordOf(seed, index)
  const head = ['Host: 127.0.0.1', `Authorization: Bearer ${token}`]
  const smuggled = random.once(2) ? inside(token, wordOf(seed, index + 100)) : ''
  const json = `{"name":"${word}"}${smuggled}`
  const chunks = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
  const create = 'POST /api/2.0/mlflow/experiments/create HTTP/1.1'
  const upload = `PUT /api/2.0/mlflow-artifacts/artifacts/7/${'1'.repeat(32)}/artifacts/${word} HTTP/1.1`
  switch (random.below(6)) {
    case 0:
      return { first: create, headers: [...head, 'Content-Type: application/json', `Content-Length: ${json.length}`], body: json }
    case 1:
      return {
        first: create,
        headers: [...head, 'Content-Type: application/json', 'Transfer-Encoding: chunked'],
        body: chunks(json),
      }
    case 2:
      return { first: upload, headers: [...head, `Content-Length: ${smuggled.length + 1}`], body: `x${smuggled}` }
    case 3:
      return { first: upload, headers: [...head, 'Transfer-Encoding: chunked'], body: chunks(`x${smuggled}`) }
    case 4:
      return { first: `HEAD /api/2.0/mlflow/experiments/get-by-name?experiment_name=${word} HTTP/1.1`, headers: head, body: '' }
    default:
      return { first: `GET /api/2.0/mlflow/experiments/get-by-name?experiment_name=${word} HTTP/1.1`, headers: head, body: '' }
  }
}

function change(random: Random, message: Draft): Draft {
  const { first, headers, body } = message
  const at = random.below(headers.length + 1)
  switch (random.below(9)) {
    case 0:
      return { ...message, headers: [...headers, `Transfer-Encoding: ${random.pick(codings)}`] }
    case 1:
      return { ...message, headers: [...headers, `Content-Length: ${random.pick(lengths)}`] }
    case 2:
      return { ...message, headers: headers.map((line) => line.replace(/(Content-Length: ).*/, `$1${random.pick(lengths)}`)) }
    case 3:
      return { ...message, headers: [...headers.slice(0, at), random.pick(lines), ...headers.slice(at)] }
    case 4:
      return { ...message, body: body.replace(/^[0-9a-f]+(?=\r\n)/, () => random.pick(sizes)) }
    case 5:
      return { ...message, first: first.replace(/HTTP\/1\.1$/, random.pick(versions)) }
    case 6:
      return {
        ...message,
        first: first.replace(/ \//, random.pick([' http://evil/', '  /', '\t/', ' //', ' *', ' ', ' /\xff', ' /#'])),
      }
    case 7:
      return {
        ...message,
        first: first.replace(/^\w+/, random.pick(['get', 'CONNECT', 'OPTIONS', 'TRACE', 'PRI', 'G ET', '\nGET', 'HEAD'])),
      }
    default:
      return { ...message, body: `${body}${random.pick(['0\r\n\r\n', '\r\n', 'x', '0', `${'\r\n'.repeat(20)}`])}` }
  }
}

function print(random: Random, { first, headers, body }: Draft): string {
  const odd = random.once(6) ? random.below(headers.length + 2) : -1
  const text = [first, ...headers, ''].map((line, at) => `${line}${at === odd ? random.pick(lineEnds) : '\r\n'}`).join('')
  return `${text}${body}`
}

/** The stream of a seed: some requests in sequence, most of them changed so that two parsers could split them differently. */
export function makeStream(token: string, seed: number): Stream {
  const random = new Random(seed)
  const texts = Array.from({ length: 1 + random.below(3) }, (_, index) => {
    let message = draft(random, token, seed, index)
    for (let left = random.pick([0, 0, 1, 1, 2, 3]); left > 0; left--) message = change(random, message)
    return print(random, message)
  })
  let bytes: Buffer = Buffer.from(texts.join(''), 'latin1')
  if (random.once(5)) bytes = mutateBytes(random, bytes, [], bytes, 64 * 1024)
  if (random.once(8)) bytes = bytes.subarray(0, random.below(bytes.length))
  const many = random.once(10) && bytes.length < 2_000
  const count = many ? bytes.length : random.once(2) ? 0 : 1 + random.below(6)
  const cuts = many
    ? Array.from({ length: count }, (_, at) => at)
    : Array.from({ length: count }, () => random.below(bytes.length))
  return { seed, bytes, cuts: cuts.sort((a, b) => a - b), end: random.pick(['waits', 'waits', 'half-closes', 'resets']) }
}
