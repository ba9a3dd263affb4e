import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { pythonOf } from '../../scripts/setup/python-environments.mjs'
import { openEndpoints } from '../../src/policy/endpoints/endpoint-table.ts'
import { messages } from '../../src/policy/generated/messages.ts'
import { type DecodeOptions, decodeCall, type RawCall } from '../../src/policy/messages/decode-call.ts'
import { encodeBody, encodeQuery } from '../../src/policy/messages/encode.ts'
import type { Field } from '../../src/policy/messages/field.ts'
import type { JsonObject } from '../../src/policy/messages/json/json.ts'
import { shapeOf } from '../../src/policy/messages/message-shape.ts'
import { Refusal } from '../../src/policy/reasons.ts'
import { kindOf, spellingsOf, wordsOf } from '../fixtures/spellings.ts'
import { isFullRun } from '../harness/full-run.ts'

/** A request as MLflow gets it, and what field of it is spelt how. */
interface Asked {
  readonly message: string
  readonly name: string
  readonly field: Field
  readonly method: 'GET' | 'POST'
  readonly query: string
  readonly body: string
  readonly spelling: string
}

/** What each request says to an MLflow: null where it refuses it or loses some of it. */
async function askMlflow(version: string, requests: readonly (readonly string[])[]): Promise<(object | 'unknown' | null)[]> {
  const script = fileURLToPath(new URL('spellings.py', import.meta.url))
  const python = spawn(pythonOf(version), [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  python.stdin.end(JSON.stringify(requests))
  return JSON.parse(await text(python.stdout))
}

/** The messages that requests to open endpoints are made of, as MLflow describes them. */
function messagesOfRequests(): ReadonlySet<string> {
  const found = new Set([...openEndpoints.values()].map(({ request }) => request).filter((name) => name in messages))
  for (const name of found)
    for (const { message } of shapeOf(name).fields.values()) if (message !== undefined && message in messages) found.add(message)
  return found
}

const asked = [...messagesOfRequests()].flatMap((message): Asked[] =>
  Object.entries(messages[message] ?? {}).flatMap(([name, field]) =>
    spellingsOf(field).map(
      (spelling): Asked => ({ message, name, field, method: 'POST', query: '', body: `{"${name}":${spelling}}`, spelling }),
    ),
  ),
)
const askedByGet = [...openEndpoints.values()]
  .filter(({ method, request }) => method === 'GET' && request in messages)
  .flatMap(({ request: message }) =>
    Object.entries(messages[message] ?? {})
      .filter(([, { type, map }]) => type !== 'message' && type !== 'json' && !map)
      .flatMap(([name, field]) =>
        wordsOf(field).map(
          (word): Asked => ({
            message,
            name,
            field,
            method: 'GET',
            query: `${name}=${encodeURIComponent(word)}`,
            body: '',
            spelling: word,
          }),
        ),
      ),
  )

/** Of the fields that are read alike one each, where time is short. */
function oneOfEach(requests: readonly Asked[]): readonly Asked[] {
  if (isFullRun) return requests
  const chosen = new Map<string, string>()
  return requests.filter(({ message, name, field, method }) => {
    const [kind, own] = [method + kindOf(name, field), `${message}.${name}`]
    if (!chosen.has(kind)) chosen.set(kind, own)
    return chosen.get(kind) === own
  })
}

const options: DecodeOptions = { unknownFields: 'refuse' }

function decode({ message, method, query, body }: Asked): JsonObject | null {
  const raw: RawCall = {
    method,
    rawQuery: query,
    body: new TextEncoder().encode(body),
    contentType: 'application/json',
    pathParams: new Map(),
  }
  try {
    return decodeCall(message, raw, options)
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

type Rule = readonly [why: string, is: (asked: Asked, spelling: string) => boolean]

/** JSON's numbers, alone or as text; and protobuf's words for what is none. */
const numberOfJson = /^"?-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"?$|^"?(?:NaN|-?Infinity)"?$/
const isWord = (spelling: string) => !/^(?:[[{]|true|false|null)/.test(spelling)
const isAmong = (types: string) => (asked: Asked) => types.split(' ').includes(asked.field.type)
const isNumber = isAmong('int32 int64 uint32 uint64 float double')

/** What MLflow reads and the proxy refuses on purpose. */
const refusedOnPurpose: readonly Rule[] = [
  [
    '+7, 07, 7_0, .5, inf: numbers of Python, and of no other protobuf',
    (asked, spelling) => isNumber(asked) && isWord(spelling) && !numberOfJson.test(spelling),
  ],
  [
    '"1e400" is infinite to Python, and an error to any other protobuf',
    (asked, spelling) => isNumber(asked) && /^"?-?1e400"?$/.test(spelling),
  ],
  [
    'booleans are numbers to Python alone',
    (asked, spelling) => (isNumber(asked) || asked.field.type === 'enum') && /^(?:true|false)$/.test(spelling),
  ],
  [
    'a value that an enum does not have: MLflow passes over it and does as if nothing were said, or cuts off its fraction',
    ({ field: { type, numbers = [] } }, spelling) =>
      type === 'enum' && !numbers.some((number) => [`${number}`, `"${number}"`].includes(spelling)),
  ],
  [
    'what Python takes for a duration, a list of fields or base64, and no other protobuf',
    ({ field: { type, form } }, spelling) =>
      type === 'bytes'
        ? /[^A-Za-z0-9+/_="-]/.test(spelling)
        : form === 'duration'
          ? /^"(?:1 s|1\.s|\+1s)"$/.test(spelling)
          : form === 'fieldMask' && /[^A-Za-z0-9.,"]/.test(spelling),
  ],
  [
    'what MLflow 2 makes a text of, and what is the id of no experiment',
    ({ name }, spelling) => /^experiment_ids?$/.test(name) && !spelling.startsWith('"'),
  ],
  [
    'a text in place of a list of ids, which MLflow 2 takes for a list of its letters',
    ({ name, field, spelling: whole }) => name === 'experiment_ids' && field.repeated === true && whole.startsWith('"'),
  ],
  [
    'texts and lists in place of an object: Python looks for fields in what they are made of, and finds none',
    ({ field: { type } }, spelling) => type === 'message' && /^["[]/.test(spelling),
  ],
]

/** What the proxy reads and MLflow does not. */
const readOnPurpose: readonly Rule[] = [
  [
    'numbers for ids of experiments, as MLflow 2 reads them',
    ({ name }, spelling) => /^experiment_ids?$/.test(name) && /^(?:(?:0|[1-9][0-9]*)(?:,(?!$)|$))+$/.test(spelling),
  ],
  [
    'null for no ids of experiments, which MLflow 2 cannot count',
    ({ name }, spelling) => name === 'experiment_ids' && spelling === 'null',
  ],
]

/** What both read, and not alike. */
const readOtherwiseOnPurpose: readonly Rule[] = [
  [
    'null for the id of an experiment, which MLflow 2 takes for the text None',
    ({ name }, spelling) => /^experiment_ids?$/.test(name) && spelling === 'null',
  ],
]

/** Whether a rule has a request, or each part of its list or map that the rule could be about. */
function isListed(rules: readonly Rule[], asked: Asked): boolean {
  const { field, spelling } = asked
  const part = field.map
    ? /^\{"\w+":(.*)\}$/s.exec(spelling)?.[1]
    : field.repeated && asked.method === 'POST'
      ? /^\[(.*)\]$/s.exec(spelling)?.[1]
      : undefined
  return rules.some(([, is]) => is(asked, part ?? spelling) || (asked.method === 'GET' && is(asked, JSON.stringify(spelling))))
}

for (const version of isFullRun ? ['2.22.4', '3.17.2', '3.18.0'] : ['3.18.0'])
  t.test(`every spelling of every field means to MLflow ${version} what it means to the proxy`, async (t) => {
    const requests = oneOfEach([...asked, ...askedByGet])
    const decoded = requests.map(decode)
    const canonical = requests.map(({ message, name, method }, at): string[] => {
      const read = decoded[at] ?? new Map()
      return method === 'GET' ? [message, name, 'GET', encodeQuery(read), ''] : [message, name, 'POST', '', encodeBody(read)]
    })
    const answers = await askMlflow(version, [
      ...requests.map(({ message, name, method, query, body }) => [message, name, method, query, body]),
      ...canonical,
    ])
    const found: string[] = []
    let compared = 0
    for (const [at, request] of requests.entries()) {
      const [theirs, sent] = [answers[at], answers[requests.length + at]]
      if (theirs === 'unknown') continue
      compared++
      const line = `${request.method} ${request.message}.${request.name} (${request.field.type}${request.field.repeated ? '[]' : ''}) ${JSON.stringify(request.spelling)}`
      if (decoded[at] === null) {
        if (theirs !== null && !isListed(refusedOnPurpose, request)) found.push(`refused: ${line} ${JSON.stringify(theirs)}`)
      } else if (sent === null) found.push(`sent, and MLflow does not read it: ${line}`)
      else if (theirs === null) {
        if (!isListed(readOnPurpose, request)) found.push(`only the proxy reads: ${line}`)
      } else if (JSON.stringify(theirs) !== JSON.stringify(sent) && !isListed(readOtherwiseOnPurpose, request))
        found.push(`read otherwise: ${line} ${JSON.stringify(theirs)}`)
    }
    t.ok(compared > 500, `${compared} spellings`)
    t.same(found, [])
  })
