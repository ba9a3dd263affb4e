import { gzipSync } from 'node:zlib'
import { mutateBytes } from '../mutate-bytes.ts'
import type { Random } from '../random.ts'
import { headers, methods, types } from './odd-headers.ts'
import type { WireRequest } from './wire-request.ts'

type Mutation = (random: Random, request: WireRequest, foreign: readonly string[]) => WireRequest

const withHeader = (request: WireRequest, name: string, value: string): WireRequest => ({
  ...request,
  headers: [...request.headers.filter(([key]) => key.toLowerCase() !== name.toLowerCase()), [name, value]],
})

const [dotted, slashed] = [
  ['/./', '/../', '/%2e%2e/', '/%2E/', '/..;/', '/.%00/', '/%252e%252e/'],
  ['//', '%2f', '%5c', '\\', '%252f', '/;/', '%c0%af', '/%20', '/%00'],
]

const changePath: Mutation = (random, request) => {
  const [path = '', ...query] = request.target.split('?')
  const at = random.below(path.length + 1)
  const slashes = [...path.matchAll(/\//g)].map(({ index }) => index)
  const slash = random.maybe(slashes) ?? 0
  const letter = path[at] ?? '/'
  const changed = random.pick([
    `${path.slice(0, slash)}${random.pick([...dotted, ...slashed])}${path.slice(slash + 1)}`,
    `${path.slice(0, at)}%${letter.charCodeAt(0).toString(16).padStart(2, '0')}${path.slice(at + 1)}`,
    `${path.slice(0, at)}%25${letter.charCodeAt(0).toString(16).padStart(2, '0')}${path.slice(at + 1)}`,
    path.replace(
      /^\/api\//,
      random.pick(['/ajax-api/', '/API/', '/env/acc/api/', '/env/prod/api/', '/api/../api/', '/%61pi/', '//api/']),
    ),
    path.replace(/\/[23]\.0\//, random.pick(['/2.0/', '/3.0/', '/1.0/', '/2.0/preview/', '/2%2e0/'])),
    `${path}${random.pick(['/', '//', ';x', '%20', '%0a', '%23', '.json', '/.', '?'])}`,
    mutateBytes(random, Buffer.from(path)).toString('latin1'),
  ])
  return { ...request, target: [changed, ...query].join('?') }
}

const changeQuery: Mutation = (random, request, foreign) => {
  const [path = '', query = ''] = request.target.split(/\?(.*)/s)
  const pairs = query.split('&')
  const pair = random.maybe(pairs) ?? ''
  const [key = '', value = ''] = pair.split('=')
  const other = encodeURIComponent(random.maybe(foreign) ?? 'x')
  const changed = random.pick([
    [...pairs, `${key}=${other}`],
    [`${key}=${other}`, ...pairs],
    pairs.map((each) => (each === pair ? `${key}=${other}` : each)),
    [...pairs, `${key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())}=${other}`],
    [...pairs, `${key.replace(/./, (letter) => `%${letter.charCodeAt(0).toString(16)}`)}=${other}`],
    [...pairs, `${key}%5B%5D=${other}`],
    pairs.map((each) => each.replace('&', ';')),
    [...pairs, random.pick(['', '__proto__=x', 'page_token=x', 'max_results=0', 'run_uuid=x', '%00=x', '=', '&', '#'])],
    pairs.map((each) =>
      each === pair ? `${key}=${value}${random.pick(['%00', '%20', '+', '%0a', '%C0%AF', '%', '%ff', '%E2%80%8B'])}` : each,
    ),
    [mutateBytes(random, Buffer.from(query)).toString('latin1')],
  ])
  return { ...request, target: `${path}?${changed.join('&')}` }
}

/** Moves the query into the body, or the other way round, and adds another value. */
const movePlace: Mutation = (random, request, foreign) => {
  const [path = '', query = ''] = request.target.split(/\?(.*)/s)
  const said = new URLSearchParams(query)
  const other = random.maybe(foreign) ?? 'x'
  if (request.body === null || random.once(3)) {
    const [first] = [...said.keys()]
    const object = Object.fromEntries(said)
    const body = Buffer.from(JSON.stringify(random.once(2) && first !== undefined ? { ...object, [first]: other } : object))
    const target = random.once(2) ? path : request.target
    return { ...withHeader(request, 'Content-Type', 'application/json'), target, body }
  }
  const key = /"(\w+)":/.exec(request.body.toString('latin1'))?.[1] ?? 'run_id'
  return { ...request, target: `${request.target}${query === '' ? '?' : '&'}${key}=${encodeURIComponent(other)}` }
}

const toUtf16 = (body: Buffer) => Buffer.from(body.toString('utf8'), 'utf16le')

/** Another encoding of a JSON text, or a second reading inside it. */
const changeText: Mutation = (random, request, foreign) => {
  const { body } = request
  if (body === null) return request
  const text = body.toString('utf8')
  const keys = [...text.matchAll(/"([A-Za-z_]\w*)":/g)].map(([, key = '']) => key)
  const key = random.maybe(keys) ?? 'run_id'
  const other = JSON.stringify(random.maybe(foreign) ?? 'x')
  const escaped = key.replace(/./, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`)
  const camel = key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  const texts = [
    text.replace('{', `{"${key}":${other},`),
    text.replace(/\}$/, `,"${key}":${other}}`),
    text.replace(/\}$/, `,"${escaped}":${other}}`),
    text.replace(/\}$/, `,"${camel}":${other}}`),
    text.replace(/\}$/, `,"__proto__":{"${key}":${other}}}`),
    text.replace(`"${key}":`, `"${escaped}":`),
    text.replace(/[a-z](?=\w*":)/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`),
    `\u{feff}${text}`,
    `${text}${random.pick(['x', '{}', ' ', '\n', '\0', ',', text])}`,
    JSON.stringify(text),
    `[${text}]`,
    text.replace(/:("[^"]*"|\d+)/, random.pick([':NaN', ':Infinity', ':01', ":'x'", ':0x1', ':1.', ':[[[[]]]]', ':/*x*/1'])),
    text.replaceAll('"', "'"),
  ].map((each) => Buffer.from(each))
  const encoded = [toUtf16(body), Buffer.concat([Buffer.from([0xff, 0xfe]), toUtf16(body)]), gzipSync(body)]
  const overlong = Buffer.from(body.toString('latin1').replace('"', '\xc0\xa2'), 'latin1')
  return { ...request, body: random.pick([...texts, ...texts, ...encoded, overlong, Buffer.alloc(0)]) }
}

const changeBytes: Mutation = (random, request, foreign) =>
  request.body === null
    ? request
    : {
        ...request,
        body: mutateBytes(
          random,
          request.body,
          foreign.map((text) => Buffer.from(text)),
          request.body,
          100_000,
        ),
      }

const changeHeader: Mutation = (random, request) => {
  const [name, value] = random.pick(headers)
  if (random.once(4)) return { ...request, headers: [...request.headers, [name, value]] }
  return withHeader(request, name, value)
}

const changeType: Mutation = (random, request) => withHeader(request, 'Content-Type', random.pick(types))

const changeMethod: Mutation = (random, request) => ({ ...request, method: random.pick(methods) })

const changeToken: Mutation = (random, request) => {
  const token = request.headers.find(([name]) => name === 'Authorization')?.[1] ?? ''
  const at = random.below(token.length)
  const changed = `${token.slice(0, at)}${random.pick(['A', '=', '.', ' ', ''])}${token.slice(at + 1)}`
  return withHeader(
    request,
    'Authorization',
    random.pick([changed, `${token}=`, token.replace('Bearer', 'bearer'), 'Basic eDp5', 'Bearer ', token.slice(0, -1)]),
  )
}

const packBody: Mutation = (_random, request) =>
  request.body === null ? request : { ...withHeader(request, 'Content-Encoding', 'gzip'), body: gzipSync(request.body) }

const chunk: Mutation = (_random, request) => ({ ...request, chunked: true, body: request.body ?? Buffer.alloc(0) })

const goAway: Mutation = (random, request) => ({ ...request, abortAt: random.below(3000) })

const mutations: readonly Mutation[] = [
  ...[changePath, changePath, changeQuery, changeQuery, movePlace, changeText, changeText, changeText],
  ...[changeBytes, changeHeader, changeHeader, changeType, changeMethod, changeToken, packBody, chunk, goAway],
]

/** One change to how a request is written. */
export function mutateRequest(random: Random, request: WireRequest, foreign: readonly string[]): WireRequest {
  return random.pick(mutations)(random, request, foreign)
}
