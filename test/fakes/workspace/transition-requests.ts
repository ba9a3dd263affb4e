import { absent, denied, json, taken } from './answer.ts'
import { type Call, flag, type Routes, text } from './call.ts'
import type { Member } from './directory.ts'
import type { Registry } from './model-versions.ts'
import { versionOf } from './models.ts'
import { type Activity, currentStage, levelFor, makeActivity, stageOf } from './stages.ts'

const base = '/api/2.0/mlflow/transition-requests'

const noRequest = (call: Call) =>
  absent(
    `No open transition request to stage ${text(call.fields, 'stage')} was found for version ${text(call.fields, 'version')}.`,
  )

/** What a member may do with a request: who may move the version answers it, its creator and managers cancel it (fact 11). */
function actionsOf({ models, access }: Registry, name: string, request: Activity, member: Member): string[] {
  const may = (level: string) => {
    try {
      access.require(member, models.pathOf(name), level)
      return true
    } catch {
      return false
    }
  }
  const answers = may(levelFor(request.from_stage, request.to_stage))
    ? ['APPROVE_TRANSITION_REQUEST', 'REJECT_TRANSITION_REQUEST']
    : []
  return request.user_id === member.name || may('CAN_MANAGE') ? [...answers, 'CANCEL_TRANSITION_REQUEST'] : answers
}

/** Asking for a stage (fact 9): whoever may read a model may ask, and nothing moves (facts 4 and 11). */
async function createRequest(registry: Registry, call: Call) {
  const { models, stages, webhooks } = registry
  const { name, version } = versionOf(call.fields)
  const to = stageOf(call.fields)
  const found = await models.requireVersion(call.caller, name, version, 'CAN_READ')
  const isSame = (open: Activity) => open.to_stage === to && open.user_id === call.caller.name
  if (stages.open(name, version).some(isSame))
    throw taken(`A transition request to stage ${to} by ${call.caller.name} is open already.`)
  const request = makeActivity('REQUESTED_TRANSITION', call.caller, currentStage(found), to, call.fields)
  stages.addRequest(name, version, request)
  webhooks.fire('TRANSITION_REQUEST_CREATED', name, { version, from_stage: request.from_stage, to_stage: to })
  const { to_stage, user_id, creation_timestamp, comment } = request
  const shown = { to_stage, user_id, creation_timestamp, ...(comment === undefined ? {} : { comment }) }
  return json({ request: { ...shown, available_actions: actionsOf(registry, name, request, call.caller) } })
}

async function approve({ models, stages }: Registry, call: Call) {
  const archive = flag(call.fields, 'archive_existing_versions') // required, and it moves other versions (fact 5)
  const { name, version } = versionOf(call.fields)
  const to = stageOf(call.fields)
  await models.requireVersion(call.caller, name, version, 'CAN_READ')
  if (!stages.open(name, version).some((open) => open.to_stage === to)) throw noRequest(call)
  const { activity } = await stages.move(call, archive, 'APPROVED_REQUEST')
  return json({ activity })
}

async function reject({ models, stages }: Registry, call: Call) {
  const { name, version } = versionOf(call.fields)
  const to = stageOf(call.fields)
  const from = currentStage(await models.requireVersion(call.caller, name, version, 'CAN_READ'))
  await models.require(call.caller, name, levelFor(from, to))
  const closed = stages.close(name, version, (open) => open.to_stage === to)
  if (closed.length === 0) throw noRequest(call)
  return json({ activity: makeActivity('REJECTED_REQUEST', call.caller, from, to, call.fields) })
}

/** Cancelling names the creator, for two people may have asked for the same; the creator and who may manage the model cancel. */
async function cancel({ models, stages, access }: Registry, call: Call) {
  const { name, version } = versionOf(call.fields)
  const to = stageOf(call.fields)
  const creator = text(call.fields, 'creator')
  const from = currentStage(await models.requireVersion(call.caller, name, version, 'CAN_READ'))
  if (creator !== call.caller.name && access.levelOf(call.caller, models.pathOf(name)) !== 'CAN_MANAGE') {
    throw denied(`User ${call.caller.name} may not cancel the request of ${creator}.`)
  }
  const closed = stages.close(name, version, (open) => open.to_stage === to && open.user_id === creator)
  if (closed.length === 0) throw noRequest(call)
  return json({ activity: makeActivity('CANCELLED_REQUEST', call.caller, from, to, call.fields) })
}

/** Transition requests (facts 3, 4 and 9); approving is a door to a stage, and asks for what the transition itself asks. */
export function transitionRequestRoutes(registry: Registry): Routes {
  return {
    [`POST ${base}/create`]: (call) => createRequest(registry, call),
    [`POST ${base}/approve`]: (call) => approve(registry, call),
    [`POST ${base}/reject`]: (call) => reject(registry, call),
    [`DELETE ${base}/delete`]: (call) => cancel(registry, call),
    [`GET ${base}/list`]: async (call) => {
      const { name, version } = versionOf(call.fields)
      await registry.models.requireVersion(call.caller, name, version, 'CAN_READ')
      const open = registry.stages.open(name, version)
      const shown = open.map((each) => ({ ...each, available_actions: actionsOf(registry, name, each, call.caller) }))
      return json({ requests: shown })
    },
  }
}
