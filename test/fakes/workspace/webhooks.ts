import { createHmac, randomUUID } from 'node:crypto'
import type { Access } from './access.ts'
import { absent, invalid, json } from './answer.ts'
import { type Call, type Fields, objectOf, optionalText, type Routes, text, texts } from './call.ts'
import type { Models } from './models.ts'

/** A registry webhook; secrets are kept and never shown [SDK RegistryWebhook]. */
interface Webhook {
  readonly id: string
  /** Null: of the whole registry, all models of all environments (fact 13). */
  readonly modelName: string | null
  events: string[]
  description: string
  status: string
  http: Fields | null
  job: Fields | null
  readonly created: number
  updated: number
}

/** Tells webhooks what happened. */
export interface Webhooks {
  readonly hooks: Map<string, Webhook>
  fire(event: string, modelName: string, details: Fields): void
}

async function deliver({ id, http }: Webhook, event: string, modelName: string, details: Fields) {
  const url = optionalText(http ?? {}, 'url')
  if (url === null) return { status_code: 0, body: '' }
  const body = JSON.stringify({ event, webhook_id: id, event_timestamp: Date.now(), model_name: modelName, ...details })
  const secret = optionalText(http ?? {}, 'secret')
  const signature = secret ? { 'x-databricks-signature': createHmac('sha256', secret).update(body).digest('hex') } : {}
  const authorization = optionalText(http ?? {}, 'authorization')
  const headers = { 'content-type': 'application/json', ...signature, ...(authorization ? { authorization } : {}) }
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(5000) })
  return { status_code: response.status, body: await response.text() }
}

/** The names under which one happening is listened for: a transition has one of its own for every target stage [SDK]. */
function namesOf(event: string, details: Fields): string[] {
  const to = optionalText(details, 'to_stage')?.toUpperCase()
  if (event === 'MODEL_VERSION_TRANSITIONED_STAGE') return [event, `MODEL_VERSION_TRANSITIONED_TO_${to}`]
  if (event === 'TRANSITION_REQUEST_CREATED') return [event, `TRANSITION_REQUEST_TO_${to}_CREATED`]
  return [event]
}

/** Webhooks in memory; those that are ACTIVE are really called. */
export function makeWebhooks(): Webhooks {
  const hooks = new Map<string, Webhook>()
  return {
    hooks,
    fire(event, modelName, details) {
      for (const hook of hooks.values()) {
        const listens = hook.modelName === null || hook.modelName === modelName
        const heard = namesOf(event, details).find((name) => hook.events.includes(name))
        if (listens && heard && hook.status === 'ACTIVE') deliver(hook, heard, modelName, details).catch(() => undefined)
      }
    },
  }
}

function show({ id, modelName, events, description, status, http, job, created, updated }: Webhook) {
  const httpSpec = http ? { http_url_spec: { url: http.url, enable_ssl_verification: http.enable_ssl_verification ?? true } } : {}
  const jobSpec = job ? { job_spec: { job_id: job.job_id, workspace_url: job.workspace_url } } : {}
  const of = modelName === null ? {} : { model_name: modelName }
  return {
    id,
    events,
    description,
    status,
    ...of,
    ...httpSpec,
    ...jobSpec,
    creation_timestamp: created,
    last_updated_timestamp: updated,
  }
}

/** Registry webhooks (fact 3). A model's are for who may manage it, the registry's for admins [INF: fact 13 only says what they hear]. */
export function webhookRoutes({ hooks }: Webhooks, models: Models, access: Access): Routes {
  const base = '/api/2.0/mlflow/registry-webhooks'
  const allow = async (call: Call, modelName: string | null) => {
    if (modelName === null) access.require(call.caller, ['/registered-models/root'], 'CAN_MANAGE')
    else await models.require(call.caller, modelName, 'CAN_MANAGE')
  }
  const found = async (call: Call): Promise<Webhook> => {
    const id = text(call.fields, 'id')
    const hook = hooks.get(id)
    if (hook === undefined) throw absent(`Webhook with id ${id} does not exist.`)
    await allow(call, hook.modelName)
    return hook
  }
  const optionalSpec = (fields: Fields, name: string) => (fields[name] === undefined ? null : objectOf(fields[name]))
  return {
    [`POST ${base}/create`]: async (call) => {
      const { fields } = call
      const modelName = optionalText(fields, 'model_name')
      await allow(call, modelName)
      const events = texts(fields, 'events')
      const [http, job] = [optionalSpec(fields, 'http_url_spec'), optionalSpec(fields, 'job_spec')]
      // Of one model there is nothing to hear of this [docs.databricks.com model-registry-webhooks].
      if (modelName !== null && events.includes('REGISTERED_MODEL_CREATED'))
        throw invalid('REGISTERED_MODEL_CREATED is of the whole registry.')
      if (events.length === 0 || (http === null) === (job === null))
        throw invalid('Events and one of http_url_spec and job_spec are required.')
      const words = { description: optionalText(fields, 'description') ?? '', status: optionalText(fields, 'status') ?? 'ACTIVE' }
      const id = randomUUID().replaceAll('-', '')
      const hook: Webhook = { id, modelName, events, ...words, http, job, created: Date.now(), updated: Date.now() }
      hooks.set(id, hook)
      return json({ webhook: show(hook) })
    },
    [`GET ${base}/list`]: async (call) => {
      const modelName = optionalText(call.fields, 'model_name')
      await allow(call, modelName)
      const wanted = [...hooks.values()].filter((hook) => modelName === null || hook.modelName === modelName)
      const events = texts(call.fields, 'events')
      const heard = wanted.filter((hook) => events.length === 0 || hook.events.some((event) => events.includes(event)))
      return json({ webhooks: heard.map(show) })
    },
    [`PATCH ${base}/update`]: async (call) => {
      const hook = await found(call)
      hook.events = call.fields.events === undefined ? hook.events : texts(call.fields, 'events')
      hook.description = optionalText(call.fields, 'description') ?? hook.description
      hook.status = optionalText(call.fields, 'status') ?? hook.status
      hook.http = optionalSpec(call.fields, 'http_url_spec') ?? hook.http
      hook.job = optionalSpec(call.fields, 'job_spec') ?? hook.job
      hook.updated = Date.now()
      return json({ webhook: show(hook) })
    },
    [`DELETE ${base}/delete`]: async (call) => {
      hooks.delete((await found(call)).id)
      return json({})
    },
    [`POST ${base}/test`]: async (call) => {
      const hook = await found(call)
      const event = optionalText(call.fields, 'event') ?? hook.events[0] ?? ''
      return json(await deliver(hook, event, hook.modelName ?? '', {}))
    },
  }
}
