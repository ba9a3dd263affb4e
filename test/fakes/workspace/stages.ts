import { randomUUID } from 'node:crypto'
import { DatabricksError, invalid } from './answer.ts'
import { type Call, type Fields, objectOf, optionalText, text } from './call.ts'
import type { Member } from './directory.ts'
import type { Interior } from './interior.ts'
import { type Models, versionOf } from './models.ts'
import type { Webhooks } from './webhooks.ts'

const stages = ['None', 'Staging', 'Production', 'Archived'] as const

/** A stage of a version (fact 6). */
export type Stage = (typeof stages)[number]

/** Something that happened to a version, or that somebody asked for (fact 9). */
export interface Activity {
  readonly id: string
  readonly activity_type: string
  readonly user_id: string
  readonly creation_timestamp: number
  readonly last_updated_timestamp: number
  readonly comment?: string
  readonly system_comment?: string
  readonly from_stage: Stage
  readonly to_stage: Stage
}

/** A stage in its canonical spelling. Throws 400 for any other text. */
export function stageOf(fields: Fields): Stage {
  const given = text(fields, 'stage')
  const stage = stages.find((each) => each.toLowerCase() === given.toLowerCase())
  if (stage === undefined) throw invalid(`Invalid Model Version stage: ${given}. Value must be one of ${stages.join(', ')}.`)
  return stage
}

/** What a member must hold to move a version: STAGING_VERSIONS is for None, Archived and Staging alone (fact 11). */
export function levelFor(from: Stage, to: Stage): string {
  return from === 'Production' || to === 'Production' ? 'CAN_MANAGE_PRODUCTION_VERSIONS' : 'CAN_MANAGE_STAGING_VERSIONS'
}

/** The stages of versions: who moved them, and who asked for it. */
export interface Stages {
  /** The requests for a version that nobody has answered. */
  open(name: string, version: string): readonly Activity[]
  addRequest(name: string, version: string, request: Activity): void
  /** Takes requests away and gives them. */
  close(name: string, version: string, which: (request: Activity) => boolean): readonly Activity[]
  /** Moves a version for a member. Throws 403 where the member may not; gives MLflow's version and what happened. */
  move(call: Call, archive: boolean, type: string): Promise<{ version: Fields; activity: Activity }>
  /** A version as Databricks' own routes show it (fact 8). */
  databricksVersion(version: Fields, member: Member): Fields
}

/** An activity of this moment. */
export function makeActivity(type: string, user: Member, from: Stage, to: Stage, fields: Fields): Activity {
  const now = Date.now()
  const comment = optionalText(fields, 'comment')
  const told = comment === null ? {} : { comment }
  const times = { creation_timestamp: now, last_updated_timestamp: now }
  return {
    id: randomUUID().replaceAll('-', ''),
    activity_type: type,
    user_id: user.name,
    ...times,
    ...told,
    from_stage: from,
    to_stage: to,
  }
}

/** The stage that MLflow has a version in. */
export function currentStage(version: Fields): Stage {
  return stageOf({ stage: optionalText(version, 'current_stage') ?? 'None' })
}

/** Stages in memory besides MLflow's own. */
export function makeStages({ mlflow, registration }: Interior, models: Models, webhooks: Webhooks): Stages {
  const requests = new Map<string, Activity[]>()
  const keyOf = (name: string, version: string) => `${models.note(name).id}/${version}`
  const open = (name: string, version: string) => requests.get(keyOf(name, version)) ?? []
  const close = (name: string, version: string, which: (request: Activity) => boolean) => {
    const all = open(name, version)
    requests.set(
      keyOf(name, version),
      all.filter((request) => !which(request)),
    )
    return all.filter(which)
  }
  return {
    open,
    close,
    addRequest: (name, version, request) => void requests.set(keyOf(name, version), [...open(name, version), request]),
    async move(call, archive, type) {
      const { name, version } = versionOf(call.fields)
      const to = stageOf(call.fields)
      const before = await models.requireVersion(call.caller, name, version, 'CAN_READ')
      const from = currentStage(before)
      await models.require(call.caller, name, levelFor(from, to))
      if (models.versionNote(name, version).status === 'PENDING_REGISTRATION' && registration.pendingTransitions === 'refused') {
        throw new DatabricksError(400, 'INVALID_STATE', `Version ${version} of ${name} is in status PENDING_REGISTRATION.`)
      }
      const body = { name, version, stage: to, archive_existing_versions: archive }
      const moved = await mlflow.ask('POST', '/api/2.0/mlflow/model-versions/transition-stage', body)
      close(name, version, (request) => request.to_stage === to)
      webhooks.fire('MODEL_VERSION_TRANSITIONED_STAGE', name, { version, from_stage: from, to_stage: to })
      return { version: objectOf(moved.model_version), activity: makeActivity(type, call.caller, from, to, call.fields) }
    },
    databricksVersion(version, member) {
      const { name, version: number } = versionOf(version)
      const level = models.levelOf(member, name)
      const own = { permission_level: level, open_requests: open(name, number), email_subscription_status: 'DEFAULT' }
      return { ...models.versionFields(version), ...own, feature_list: { features: [] } }
    },
  }
}

/** Throws where versions are in use: Databricks deletes only what is in None or Archived [INF: its documentation, from memory]. */
export function refuseDeletingActive(versions: readonly Fields[]): void {
  const active = versions.filter((version) => ['Staging', 'Production'].includes(currentStage(version)))
  if (active.length === 0) return
  const names = active.map((version) => `${text(version, 'version')} (${currentStage(version)})`).join(', ')
  throw new DatabricksError(
    400,
    'INVALID_STATE',
    `Versions in an active stage cannot be deleted: ${names}. Transition them first.`,
  )
}
