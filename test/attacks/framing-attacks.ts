// biome-ignore-all format: one request a row
/** Bytes on the wire, and what may come of them. `{{host}}`, `{{token}}`, `{{run}}` and `{{path}}` (an own artifact) are filled in. */
export interface Framing {
  readonly name: string
  readonly bytes: string
  /** The statuses that the first answer may have; none: the connection may just end. */
  readonly status: readonly number[]
  readonly mostAnswers: number
  /** The connection ends after the refusal: where the next request would begin cannot be known. */
  readonly closes?: boolean
  /** Whether it may reach the upstream. */
  readonly heard?: boolean
}

const refused = [400, 405, 408, 411, 413, 414, 417, 426, 431, 501, 505]
const head = 'Host: {{host}}\r\nAuthorization: Bearer {{token}}\r\n'
const json = 'Content-Type: application/json\r\n'
const search = '/api/2.0/mlflow/experiments/search'
const get = '/api/2.0/mlflow/runs/get?run_id={{run}}'
const smuggled = `GET /api/2.0/mlflow/experiments/search?max_results=1 HTTP/1.1\r\n${head}\r\n`
const body = '{"max_results":1}'

const post = (name: string, headers: string, rest: string, extra: Partial<Framing> = {}): Framing => ({ name, bytes: `POST ${search} HTTP/1.1\r\n${head}${json}${headers}\r\n${rest}`, status: refused, mostAnswers: 1, closes: true, ...extra })
const read = (name: string, line: string, headers = head, extra: Partial<Framing> = {}): Framing => ({ name, bytes: `${line}\r\n${headers}\r\n`, status: refused, mostAnswers: 1, ...extra })

const codings = ['identity', 'gzip', 'chunked, identity', 'identity, chunked', 'gzip, chunked', 'chunked, chunked', 'xchunked', 'chunkedx', ' chunked ,', 'CHUNKED,', '"chunked"', 'chunked;q=1', '\x0bchunked', 'chunked\x00', '']
const lengths = ['17, 17', '+17', '-1', '0x11', '17 17', '1e1', '17.0', '', ' ', '99999999999999999999', '17;x', '\u00b217', '017x', '1_7', 'seventeen']
const chunkSizes = ['11\n', '0x11\r\n', '+11\r\n', '-11\r\n', '11 \r\n', ' 11\r\n', '1 1\r\n', 'g\r\n', '\r\n', 'FFFFFFFFFFFFFFFFF\r\n', '11\r\r\n', '11;\n', '11;a=b\n\r\n', '11\x00\r\n', '1_1\r\n', '11,0\r\n']

const controls = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).filter((letter) => !'\t\r\n'.includes(letter))

/** Requests that two HTTP parsers could read differently, on sockets of their own. */
export const framings: readonly Framing[] = [
  post('a length and chunks', `Content-Length: 17\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${smuggled}`),
  post('chunks and a length', `Transfer-Encoding: chunked\r\nContent-Length: 5\r\n`, `0\r\n\r\n${smuggled}`),
  post('two equal lengths', 'Content-Length: 17\r\nContent-Length: 17\r\n', body),
  post('two lengths', `Content-Length: 17\r\nContent-Length: ${17 + smuggled.length}\r\n`, `${body}${smuggled}`),
  post('two codings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', `11\r\n${body}\r\n0\r\n\r\n`),
  post('two equal codings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', `11\r\n${body}\r\n0\r\n\r\n`),
  ...codings.map((coding) => post(`the coding ${JSON.stringify(coding)}`, `Transfer-Encoding: ${coding}\r\n`, `11\r\n${body}\r\n0\r\n\r\n${smuggled}`, { closes: coding !== '', status: coding === '' ? [...refused, 200] : refused, mostAnswers: coding === '' ? 2 : 1, heard: coding === '' })),
  ...lengths.map((length) => post(`the length ${JSON.stringify(length)}`, `Content-Length: ${length}\r\n`, `${body}${smuggled}`)),
  ...chunkSizes.map((size) => post(`the chunk size ${JSON.stringify(size)}`, 'Transfer-Encoding: chunked\r\n', `${size}${body}\r\n0\r\n\r\n${smuggled}`)),
  post('a chunk that is longer than its size', 'Transfer-Encoding: chunked\r\n', `10\r\n${body}\r\n0\r\n\r\n${smuggled}`),
  post('a chunk that ends with LF', 'Transfer-Encoding: chunked\r\n', `11\r\n${body}\n0\r\n\r\n`),
  post('chunk extensions', 'Transfer-Encoding: chunked\r\n', `11;a=b;c="d"\r\n${body}\r\n0\r\n\r\n`, { status: [200, 400], closes: false, heard: true }),
  post('trailers', 'Transfer-Encoding: chunked\r\nTrailer: X\r\n', `11\r\n${body}\r\n0\r\nX: y\r\nAuthorization: Bearer x\r\n\r\n`, { status: [200, 400], closes: false, heard: true }),
  post('trailers that set the length', 'Transfer-Encoding: chunked\r\n', `11\r\n${body}\r\n0\r\nContent-Length: 3\r\n\r\n`, { status: [200, 400], closes: false, heard: true }),
  post('capital CHUNKED', 'Transfer-Encoding: CHUNKED\r\n', `11\r\n${body}\r\n0\r\n\r\n`, { status: [200, 400], closes: false, heard: true }),
  post('an expectation', 'Expect: 100-continue\r\nContent-Length: 17\r\n', body, { status: [200], closes: false, heard: true }),
  post('an unknown expectation', 'Expect: 200-ok\r\nContent-Length: 17\r\n', body, { closes: false }),
  post('two expectations', 'Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 17\r\n', body, { closes: false }),
  post('an upgrade with a body', 'Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 17\r\n', `${body}${smuggled}`, { status: [200, ...refused], closes: false, heard: true, mostAnswers: 2 }),
  post('a folded header', 'X-Long: a\r\n b\r\nContent-Length: 17\r\n', body),
  post('a space before the colon', 'Content-Length : 17\r\n', body),
  post('a space before the name', ' Content-Length: 17\r\n', body),
  post('a tab in the name', 'Content\tLength: 17\r\n', body),
  post('an underscore for a hyphen', 'Content_Length: 17\r\nTransfer_Encoding: chunked\r\nContent-Length: 17\r\n', body, { status: [200, 400], closes: false, heard: true }),
  post('a header without a colon', 'Content-Length: 17\r\nNonsense\r\n', body),
  post('a header without a name', ': x\r\nContent-Length: 17\r\n', body),
  { name: 'line ends without CR', bytes: `POST ${search} HTTP/1.1\nHost: {{host}}\nAuthorization: Bearer {{token}}\nContent-Length: 17\n\n${body}`, status: refused, mostAnswers: 1, closes: true },
  { name: 'line ends without LF', bytes: `POST ${search} HTTP/1.1\rHost: {{host}}\rContent-Length: 17\r\r${body}\r\n\r\n`, status: refused, mostAnswers: 1, closes: true },
  { name: 'a bare CR in a value', bytes: `GET ${get} HTTP/1.1\r\n${head}X-A: b\rTransfer-Encoding: chunked\r\n\r\n`, status: refused, mostAnswers: 1, closes: true },
  ...controls.map((letter) => read(`the control character ${letter.charCodeAt(0)} in a value`, `GET ${get} HTTP/1.1`, `${head}X-A: b${letter}c\r\n`, { closes: true })),
  read('a NUL in the target', `GET ${get}\x00 HTTP/1.1`, head, { closes: true }),
  read('a tab for a space', `GET\t${get}\tHTTP/1.1`, head, { closes: true }),
  read('two spaces', `GET  ${get} HTTP/1.1`, head, { status: [...refused, 200], heard: true }),
  read('a space in the target', `GET ${get} x HTTP/1.1`, head, { closes: true }),
  read('a space behind the version', `GET ${get} HTTP/1.1 `, head, { closes: true }),
  read('two hosts', `GET ${get} HTTP/1.1`, `${head}Host: evil\r\n`),
  read('two equal hosts', `GET ${get} HTTP/1.1`, `${head}Host: {{host}}\r\n`),
  read('no host', `GET ${get} HTTP/1.1`, 'Authorization: Bearer {{token}}\r\n'),
  read('two tokens', `GET ${get} HTTP/1.1`, `${head}Authorization: Bearer {{token}}\r\n`, { status: [...refused, 401] }),
  read('a token of nobody before', `GET ${get} HTTP/1.1`, `Authorization: Bearer x\r\n${head}`, { status: [...refused, 401] }),
  read('two content types', `GET ${get} HTTP/1.1`, `${head}Content-Type: application/json\r\nContent-Type: text/plain\r\n`),
  read('HTTP/1.0', `GET ${get} HTTP/1.0`, head, { status: [200], heard: true, closes: true }),
  read('HTTP/1.0 kept alive', `GET ${get} HTTP/1.0`, `${head}Connection: keep-alive\r\n`, { status: [200], heard: true, closes: true }),
  { name: 'HTTP/1.0 and another request', bytes: `GET ${get} HTTP/1.0\r\n${head}Connection: keep-alive\r\n\r\n${smuggled}`, status: [200], mostAnswers: 1, heard: true, closes: true },
  { name: 'HTTP/1.0, a body without a length', bytes: `POST ${search} HTTP/1.0\r\n${head}${json}\r\n${smuggled}`, status: [200, 400], mostAnswers: 1, heard: true, closes: true },
  read('HTTP/0.9', 'GET /api/2.0/mlflow/experiments/search', '', { status: refused }),
  read('HTTP/0.9 with a version', `GET ${get} HTTP/0.9`),
  read('HTTP/1.2', `GET ${get} HTTP/1.2`),
  read('HTTP/2.0', `GET ${get} HTTP/2.0`),
  read('HTTP/11.1', `GET ${get} HTTP/11.1`, head, { closes: true }),
  read('http/1.1', `GET ${get} http/1.1`, head, { closes: true }),
  { name: 'the preface of HTTP/2', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: refused, mostAnswers: 1, closes: true },
  { name: 'TLS', bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', status: refused, mostAnswers: 1, closes: true },
  { name: 'HTTP/1.0 with chunks and another request', bytes: `POST ${search} HTTP/1.0\r\n${head}${json}Transfer-Encoding: chunked\r\n\r\n11\r\n${body}\r\n0\r\n\r\n${smuggled}`, status: refused, mostAnswers: 1, closes: true },
  read('OPTIONS *', 'OPTIONS * HTTP/1.1'),
  read('TRACE', `TRACE ${get} HTTP/1.1`),
  read('a method in small letters', `get ${get} HTTP/1.1`, head, { closes: true }),
  read('a method of nobody', `FOO ${get} HTTP/1.1`, head, { closes: true }),
  read('an absolute target', `GET http://{{host}}${get} HTTP/1.1`),
  read('an absolute target elsewhere', `GET http://evil.example${get} HTTP/1.1`),
  read('a target without a slash', 'GET api/2.0/mlflow/experiments/search HTTP/1.1'),
  read('a fragment', `GET ${get}#x HTTP/1.1`),
  read('letters beyond ASCII', `GET ${get}&x=\xff HTTP/1.1`),
  { name: 'CONNECT', bytes: `CONNECT evil.example:443 HTTP/1.1\r\n${head}\r\n`, status: [], mostAnswers: 1, closes: true },
  { name: 'a line end before the request', bytes: `\r\nGET ${get} HTTP/1.1\r\n${head}\r\n`, status: [200, 400], mostAnswers: 1, heard: true },
  { name: 'nothing but line ends', bytes: '\r\n'.repeat(2000), status: [], mostAnswers: 1 },
  read('chunks on GET', `GET ${get} HTTP/1.1`, `${head}Transfer-Encoding: chunked\r\n`, { closes: true }),
  { name: 'chunks on GET, and a request behind', bytes: `GET ${search} HTTP/1.1\r\n${head}${json}Transfer-Encoding: chunked\r\n\r\n11\r\n${body}\r\n0\r\n\r\n${smuggled}`, status: refused, mostAnswers: 1, closes: true },
  { name: 'chunks on HEAD, and a request behind', bytes: `HEAD ${search} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`, status: refused, mostAnswers: 1, closes: true },
  { name: 'a body on HEAD', bytes: `HEAD ${search} HTTP/1.1\r\n${head}Content-Length: 17\r\n\r\n${body}`, status: refused, mostAnswers: 1 },
  { name: 'a header of 70 KB', bytes: `GET ${get} HTTP/1.1\r\n${head}X-Big: ${'a'.repeat(70_000)}\r\n\r\n`, status: refused, mostAnswers: 1, closes: true },
  { name: 'a token of 20 KB', bytes: `GET ${get} HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: Bearer ${'a'.repeat(20_000)}\r\n\r\n`, status: [401], mostAnswers: 1 },
  { name: 'a token of 40 KB', bytes: `GET ${get} HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: Bearer ${'a'.repeat(40_000)}\r\n\r\n`, status: refused, mostAnswers: 1, closes: true },
  { name: 'an address of 17 KB', bytes: `GET ${get}&x=${'a'.repeat(17_000)} HTTP/1.1\r\n${head}\r\n`, status: refused, mostAnswers: 1 },
  { name: 'an address of 70 KB', bytes: `GET /${'a'.repeat(70_000)} HTTP/1.1\r\n${head}\r\n`, status: refused, mostAnswers: 1, closes: true },
  { name: 'two hundred headers', bytes: `GET ${get} HTTP/1.1\r\n${head}${Array.from({ length: 200 }, (_, i) => `X-${i}: a\r\n`).join('')}\r\n`, status: refused, mostAnswers: 1 },
  { name: 'three thousand headers', bytes: `GET ${get} HTTP/1.1\r\n${head}${Array.from({ length: 3000 }, () => 'a:\r\n').join('')}\r\n`, status: refused, mostAnswers: 1, closes: true },
  { name: 'a header called __proto__', bytes: `GET ${get} HTTP/1.1\r\n${head}__proto__: x\r\n__proto__: y\r\n\r\n`, status: [200, 400], mostAnswers: 1, heard: true },
  { name: 'three requests at once', bytes: smuggled.repeat(3), status: [200], mostAnswers: 3, heard: true },
  { name: 'a refused request and another behind', bytes: `GET /api/2.0/mlflow/x HTTP/1.1\r\n${head}\r\n${smuggled}`, status: [404], mostAnswers: 2, heard: true },
  { name: 'a request and bytes that are none', bytes: `${smuggled}\x00\x01\x02`, status: [200, 400], mostAnswers: 2, closes: true, heard: true },
  { name: 'a refused upload and a request behind', bytes: `PUT /api/2.0/mlflow-artifacts/artifacts/1/x HTTP/1.1\r\n${head}Content-Length: 100\r\n\r\n${'a'.repeat(100)}${smuggled}`, status: [404, 403], mostAnswers: 2, heard: true },
  { name: 'a refused upload in chunks and a request behind', bytes: `PUT /api/2.0/mlflow-artifacts/artifacts/1/x HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n${smuggled}`, status: [404, 403], mostAnswers: 2, heard: true },
  { name: 'an upload in broken chunks', bytes: `PUT /api/2.0/mlflow-artifacts/artifacts{{path}}/broken.txt HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n${smuggled}`, status: [], mostAnswers: 1, closes: true, heard: true },
  { name: 'a body of nobody and a request behind', bytes: `POST ${search} HTTP/1.1\r\nHost: {{host}}\r\n${json}Content-Length: 17\r\n\r\n${body}${smuggled}`, status: [401], mostAnswers: 2, heard: true },
]
