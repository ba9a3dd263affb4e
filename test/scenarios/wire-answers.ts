import type { Test } from 'tap'
import { isMapping } from '../../src/server/config/mapping.ts'
import type { OtherClient } from './other-client.ts'
import { type WireSample, wireSamples } from './wire-samples.ts'

/** One of the two ways to MLflow: straight, or through the proxy. What is made there has ids of its own. */
interface Way {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly ids: Map<string, string>
}

interface Answered {
  readonly status: number
  readonly isJson: boolean
  readonly body: unknown
}

function fill(text: string, { ids }: Way): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => ids.get(name) ?? `no ${name}`)
}

async function send(way: Way, { ask, fields = {}, body, type = 'application/json' }: WireSample): Promise<Answered> {
  const [method = '', path = ''] = ask.split(' ')
  const address = way.url + fill(path.startsWith('/') ? path : `/api/2.0/mlflow/${path}`, way)
  const query = new URLSearchParams(Object.entries(fields).map(([key, value]) => [key, fill(String(value), way)]))
  const json = {
    method,
    headers: { ...way.headers, 'content-type': type },
    body: fill(body ?? JSON.stringify(fields), way),
  }
  const answer = await (method === 'GET' ? fetch(`${address}?${query}`, { headers: way.headers }) : fetch(address, json))
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true
  const text = await answer.text()
  return { status: answer.status, isJson, body: isJson ? JSON.parse(text) : text }
}

function note({ ids }: Way, { keep = {} }: WireSample, { body }: Answered): void {
  for (const [name, path] of Object.entries(keep)) {
    const found = path.reduce<unknown>((value, step) => (isMapping(value) ? value[step] : undefined), body)
    if (typeof found === 'string') ids.set(name, found)
  }
}

/** Where an id stands. An experiment's is a short number: elsewhere it may count something. */
function idPattern(name: string, id: string): RegExp {
  return name === 'experiment' ? new RegExp(`(?<=mlflow-artifacts:/)${id}(?=$|/)`) : new RegExp(id, 'g')
}

/** An answer with names in the place of ids, and without what no two requests agree in. */
function comparable({ ids }: Way, { own = [] }: WireSample, { body }: Answered): unknown {
  const names = [...ids].map(([name, id]) => [idPattern(name, id), `{{${name}}}`] as const)
  const read = (value: unknown, key: string): unknown => {
    if (/^(?:creation|last_update)/.test(key)) return typeof value
    if (key === 'experiment_id') return value === ids.get('experiment') ? '{{experiment}}' : value
    if (typeof value === 'string') return names.reduce((text, [id, name]) => text.replace(id, name), value)
    if (Array.isArray(value)) return value.map((item) => read(item, key))
    if (!isMapping(value)) return value
    const said = Object.entries(value).filter(([name]) => !own.includes(name))
    return Object.fromEntries(said.map(([name, item]) => [name, read(item, name)]))
  }
  return read(body, '')
}

/** What MLflow says before it goes into detail: SQL, hints, where to read more. The proxy's own advice comes in its place. */
function gist(message: unknown): string {
  const [said = ''] = String(message).split(/ Error: \(|, (?:could|decoded)| supplied| See the API docs/)
  return said.replace(/\.$/, '')
}

function checkSame(t: Test, title: string, direct: unknown, proxied: unknown): void {
  if (!isMapping(direct) || !isMapping(proxied) || typeof direct.error_code !== 'string') {
    t.same(proxied, direct, title)
    return
  }
  t.equal(proxied.error_code, direct.error_code, title)
  const [begins, says] = [gist(direct.message), String(proxied.message)]
  t.ok(says.startsWith(begins), `${title}: '${says}' begins with '${begins}'`)
}

/** MLflow refuses a few things with a 500, which its clients then ask for seven times: here they are bad requests. */
function asRefused(answered: Answered): Answered {
  const { status, body } = answered
  if (status !== 500 || !isMapping(body)) return answered
  return { ...answered, status: 400, body: { ...body, error_code: 'INVALID_PARAMETER_VALUE' } }
}

/** Asks MLflow the same, straight and through the proxy, and compares the answers. */
export async function compareAnswers(t: Test, { url, upstream, tokens }: OtherClient): Promise<void> {
  const straight: Way = { url: upstream, headers: {}, ids: new Map() }
  const through: Way = { url, headers: { authorization: `Bearer ${tokens.acc}` }, ids: new Map() }
  for (const sample of wireSamples) {
    const title = `${sample.ask} ${sample.body ?? JSON.stringify(sample.fields ?? {})}`
    const [direct, proxied] = [asRefused(await send(straight, sample)), await send(through, sample)]
    note(straight, sample, direct)
    note(through, sample, proxied)
    t.same([proxied.status, proxied.isJson], [direct.status, direct.isJson], title)
    checkSame(t, title, comparable(straight, sample, direct), comparable(through, sample, proxied))
  }
}
