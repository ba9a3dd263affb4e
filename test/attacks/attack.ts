import type { Heard } from '../fakes/hop.ts'
import { type Conversation, type RawAnswer, talk } from '../harness/raw-http.ts'
import { type AttackSetup, nobodys, secrets } from './attack-setup.ts'
import type { Families } from './genai-seeds.ts'

/** One request that the proxy must withstand. `{{run_prod}}` and the like stand for what the setup holds. */
export interface Attack {
  readonly name: string
  /** Who asks; `acc` unless said. */
  readonly as?: 'acc' | 'prod' | 'both' | 'none' | 'anonymous'
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** A body that is no JSON of ours. */
  readonly text?: string | Buffer
  /** The statuses that are right. */
  readonly status: readonly number[]
  /** Whether an absent id must be answered alike; by default wherever the request names something of prod's. */
  readonly twin?: boolean
  /** It must not reach the upstream. */
  readonly unheard?: boolean
  /** Whether a change may go upstream: by default only when the answer is 200. */
  readonly changes?: boolean
  /** What the answer must satisfy besides: the end of a sentence, or null. */
  readonly check?: (body: string, heard: readonly Heard[]) => string | null
}

type Words = Readonly<Record<string, string>>

const absentHex = 'deadbeef'.repeat(4)

function familyWords(families: Families | null, owner: string): Words {
  if (families === null) return {}
  const { dataset, issue, labelSchema, reviewQueue, scorer } = families
  const words = { ds: dataset, iss: issue, ls: labelSchema, rq: reviewQueue, sc: scorer }
  return Object.fromEntries(Object.entries(words).map(([kind, id]) => [`${kind}_${owner}`, id]))
}

/** What the placeholders stand for. */
export function wordsOf({ seeds, relicRun }: AttackSetup): Words {
  const words: Record<string, string> = { relic_run: relicRun }
  for (const [owner, seed] of Object.entries(seeds)) {
    const path = `/${seed.experiment}/${seed.runs[0]}/artifacts`
    Object.assign(words, {
      [`exp_${owner}`]: seed.experiment,
      [`spare_${owner}`]: seed.spareExperiment,
      [`default_${owner}`]: seed.defaultExperiment,
      [`run_${owner}`]: seed.runs[0],
      [`run2_${owner}`]: seed.runs[1],
      [`lm_${owner}`]: seed.loggedModel ?? `m-${'0'.repeat(31)}${owner === 'acc' ? 1 : 2}`,
      [`tr_${owner}`]: seed.trace ?? `tr-${'0'.repeat(31)}${owner === 'acc' ? 1 : 2}`,
      ...familyWords(seed.families, owner),
      [`path_${owner}`]: path,
      [`uri_${owner}`]: `mlflow-artifacts:${path}`,
      [`m_${owner}`]: `fraud_${owner}`,
      [`spare_m_${owner}`]: `spare_${owner}`,
      [`e_${owner}`]: `/experiments/${owner}/churn`,
    })
  }
  return words
}

/** The same with things of prod's that do not exist, each as long as the one that does. */
function absentWords(words: Words): Words {
  const path = `/98/${absentHex}/artifacts`
  const absent = {
    exp_prod: '98',
    spare_prod: '97',
    default_prod: '96',
    run_prod: absentHex,
    run2_prod: absentHex.replace('d', 'e'),
  }
  const ids = { lm_prod: `m-${absentHex}`, tr_prod: `tr-${absentHex}`, path_prod: path, uri_prod: `mlflow-artifacts:${path}` }
  const families = {
    ds_prod: `d-${absentHex}`,
    iss_prod: `iss-${absentHex}`,
    ls_prod: `ls-${absentHex}`,
    rq_prod: `rq-${absentHex}`,
    sc_prod: '00000000-0000-4000-8000-00000000dead',
  }
  return {
    ...words,
    ...absent,
    ...ids,
    ...families,
    m_prod: 'ghost_prod',
    spare_m_prod: 'spore_prod',
    e_prod: '/experiments/prod/ghost',
  }
}

function fill(text: string, words: Words): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => words[name] ?? whole)
}

interface Wire {
  readonly line: string
  readonly headers: Record<string, string>
  readonly body: Buffer | null
}

function bodyOf({ json, text }: Attack, words: Words): Buffer | null {
  if (json !== undefined) return Buffer.from(fill(JSON.stringify(json), words))
  if (text === undefined) return null
  return typeof text === 'string' ? Buffer.from(fill(text, words)) : text
}

function wireOf(attack: Attack, words: Words, setup: AttackSetup): Wire {
  const { as = 'acc', method, path } = attack
  const body = bodyOf(attack, words)
  const headers: Record<string, string> = { Host: new URL(setup.proxy.url).host }
  if (as !== 'anonymous') headers.Authorization = `Bearer ${setup.tokens[as]}`
  if (attack.json !== undefined) headers['Content-Type'] = 'application/json'
  for (const [name, value] of Object.entries(attack.headers ?? {})) headers[name] = fill(value, words)
  return { line: `${method} ${fill(path, words)} HTTP/1.1`, headers, body }
}

function print({ line, headers, body }: Wire, framing: 'length' | 'chunked'): Buffer {
  const said = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const own = Object.keys(headers).some((name) => /^(content-length|transfer-encoding)$/i.test(name))
  if (body === null || own)
    return Buffer.concat([Buffer.from(`${line}\r\n${said.join('')}\r\n`, 'latin1'), body ?? Buffer.alloc(0)])
  if (framing === 'length') {
    return Buffer.concat([Buffer.from(`${line}\r\n${said.join('')}Content-Length: ${body.length}\r\n\r\n`, 'latin1'), body])
  }
  const middle = Math.floor(body.length / 2)
  const chunks = [body.subarray(0, middle), body.subarray(middle)].filter((chunk) => chunk.length > 0)
  const framed = chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')])
  return Buffer.concat([
    Buffer.from(`${line}\r\n${said.join('')}Transfer-Encoding: chunked\r\n\r\n`, 'latin1'),
    ...framed,
    Buffer.from('0\r\n\r\n'),
  ])
}

/** What of an answer must not depend on whether a foreign thing exists. */
function essence({ status, headers, body }: RawAnswer, words: Words): string {
  const kept = headers.filter(([name]) => !['date', 'x-request-id'].includes(name)).map(([name, value]) => `${name}: ${value}`)
  let text = body.toString('latin1')
  // Long ids first, own ones too: the short number of an experiment may be a part of them.
  for (const [name, value] of Object.entries(words).sort(([, a], [, b]) => b.length - a.length)) {
    const isNumber = /^\d+$/.test(value)
    if (isNumber && !name.endsWith('_prod')) continue
    const pattern = isNumber && status < 400 ? `(?<!\\d)${value}(?!\\d)` : value.replaceAll('/', '\\/')
    text = text.replace(new RegExp(pattern, 'g'), `<${name}>`)
  }
  return `${status}\n${kept.join('\n')}\n\n${text}`
}

function jsonValues(value: unknown, key = ''): [key: string, value: string][] {
  if (typeof value === 'string' || typeof value === 'number') return [[key, String(value)]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => jsonValues(item, Array.isArray(value) ? key : name))
}

/** What of an answer is looked at: of an error of GraphQL, which comes with status 200, not the words that the caller said. */
function lookedAt(body: string, said: string): string {
  const [, data, errors] = /^\{"data":(.*),"errors":(\[".*)\}$/s.exec(body) ?? []
  if (data === undefined || errors === undefined) return body
  return data + errors.replace(/[\w/-]+/g, (word) => (said.includes(word) ? ' ' : word))
}

/** Marks of prod's things in an answer to a caller of acc; what the caller said may come back in an error. */
function foreignMarks(answer: RawAnswer, said: string, words: Words): string[] {
  const body = lookedAt(answer.body.toString('utf8'), said)
  const text = `${answer.headers.map(([name, value]) => `${name}: ${value}`).join('\n')}\n${body}`
  const ids = ['run', 'run2', 'lm', 'tr', 'ds', 'iss', 'ls', 'rq', 'sc'].flatMap((name) => words[`${name}_prod`] ?? [])
  const names = [
    'fraud_prod',
    'spare_prod',
    '/experiments/prod',
    'champ',
    secrets.prod,
    ...nobodys.models.filter((name) => name.length > 7),
  ]
  const expected = (mark: string) => answer.status >= 400 && said.includes(mark)
  const marks = [...ids, ...names].filter((mark) => text.includes(mark) && !expected(mark))
  const experiments = [words.exp_prod, words.spare_prod, words.default_prod]
  let values: [string, string][] = []
  try {
    values = jsonValues(JSON.parse(answer.body.toString('utf8')))
  } catch {
    // bytes of an artifact
  }
  const numbers = values
    .filter(([key, value]) => /experiment_?id/i.test(key) && experiments.includes(value))
    .map(([key, value]) => `${key}=${value}`)
  return [...marks, ...(answer.status < 400 ? numbers : [])]
}

const reads = (heard: Heard): boolean =>
  heard.method === 'GET' ||
  heard.method === 'HEAD' ||
  /\/(search|search-datasets|get-latest-versions|batchGetInfos)$/.test(heard.target)

/** What of the things that went upstream is wrong. */
function judgeHeard(attack: Attack, answer: RawAnswer, heard: readonly Heard[], setup: AttackSetup): string[] {
  const problems: string[] = []
  if (attack.unheard === true && heard.length > 0)
    problems.push(`upstream received ${heard.map(({ target }) => target).join(' ')}`)
  const changes = heard.filter((request) => !reads(request))
  if (changes.length > 0 && answer.status >= 400 && attack.changes !== true)
    problems.push(`refused, but upstream was changed by ${changes[0]?.method} ${changes[0]?.target}`)
  const everything = JSON.stringify(heard)
  if (Object.values(setup.tokens).some((token) => everything.includes(token.slice(-40)))) problems.push('a token went upstream')
  return problems
}

const plainly = (answer: RawAnswer): string => `${answer.status} ${answer.body.toString('utf8').slice(0, 300)}`

function only({ answers, closed }: Conversation, what: string): RawAnswer {
  const [answer] = answers
  if (answer === undefined) throw new Error(`no answer ${what}${closed ? ' (the connection ended)' : ''}`)
  return answer
}

async function judgeVariants(wire: Wire, method: string, first: RawAnswer, setup: AttackSetup): Promise<string[]> {
  const { host } = new URL(setup.proxy.url)
  const before = `GET /-/whoami HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${setup.tokens.acc}\r\n\r\n`
  const second = await talk(setup.proxy.url, [Buffer.from(before), print(wire, 'length')], { methods: ['GET', method] })
  const problems: string[] = []
  const compare = (answer: RawAnswer | undefined, how: string) => {
    if (answer === undefined) problems.push(`no answer ${how}`)
    else if (answer.status !== first.status) problems.push(`${how}: ${plainly(answer)} instead of ${first.status}`)
  }
  compare(second.answers[1], 'second on a connection')
  const bodyless = wire.body === null || ['GET', 'HEAD'].includes(method)
  if (bodyless) return problems
  const chunked = (await talk(setup.proxy.url, print(wire, 'chunked'), { methods: [method] })).answers[0]
  if (!(chunked !== undefined && first.status >= 400 && chunked.status >= 400 && chunked.status < 500))
    compare(chunked, 'with a chunked body')
  return problems
}

/** Sends an attack and its twin, and, where `variants`, the attack once more as the second on a connection and in chunks. Gives all that is wrong. */
export async function tryAttack(setup: AttackSetup, attack: Attack, words: Words, variants = true): Promise<string[]> {
  const { as = 'acc', method } = attack
  const wire = wireOf(attack, words, setup)
  setup.hop.take()
  const answer = only(await talk(setup.proxy.url, print(wire, 'length'), { methods: [method] }), 'came')
  const heard = setup.hop.take()
  const problems: string[] = []
  if (!attack.status.includes(answer.status)) problems.push(`answered ${plainly(answer)}`)
  if (answer.status >= 500 && !attack.status.includes(answer.status)) problems.push('a failure of the proxy')
  const said = `${wire.line} ${wire.body?.toString('utf8') ?? ''}`
  const decoded = `${said} ${decodeURIComponent(said.replace(/%(?![0-9a-f]{2})|%[89a-f]./gi, '')).normalize('NFKC')} ${fill(JSON.stringify(attack), words)}`
  if (as !== 'prod' && as !== 'both')
    problems.push(...foreignMarks(answer, decoded, words).map((mark) => `shows ${mark}: ${plainly(answer)}`))
  problems.push(...judgeHeard(attack, answer, heard, setup))
  const wrong = attack.check?.(answer.body.toString('utf8'), heard) ?? null
  if (wrong !== null) problems.push(`${wrong}: ${plainly(answer)}`)
  const foreign = /\{\{\w+_prod\}\}/.test(JSON.stringify([attack.path, attack.json, attack.text, attack.headers]))
  if (attack.twin ?? (foreign && as === 'acc' && answer.status >= 400)) {
    const other = absentWords(words)
    const absent = only(
      await talk(setup.proxy.url, print(wireOf(attack, other, setup), 'length'), { methods: [method] }),
      'came for an absent id',
    )
    const [mine, theirs] = [essence(answer, words), essence(absent, other)]
    if (mine !== theirs) problems.push(`an absent id is answered differently:\n${mine}\n---\n${theirs}`)
    if (absent.status >= 400 && setup.hop.take().some((request) => !reads(request)))
      problems.push('the absent twin changed upstream')
  }
  if (variants && (answer.status >= 400 || ['GET', 'HEAD'].includes(method)))
    problems.push(...(await judgeVariants(wire, method, answer, setup)))
  return problems
}
