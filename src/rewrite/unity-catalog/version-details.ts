import type { Json, JsonObject } from '../../policy/messages/json/json.ts'

/** What Unity Catalog's own clients say of a new version, and a client of the open-source registry does not. */
export interface VersionDetails {
  /** As the model's own description names them. */
  readonly dependencies: readonly { readonly type: string; readonly name: string }[]
  /** The workspace that its run is in; null where that is not known. */
  readonly workspaceId: string | null
}

/** Completes a registration: with the run's workspace the catalog shows a link to the run. */
export function withDetails(message: JsonObject, { dependencies, workspaceId }: VersionDetails): JsonObject {
  const completed = new Map(message)
  if (workspaceId !== null && message.get('run_id')) completed.set('run_tracking_server_id', workspaceId)
  const listed = dependencies.map((each): Json => new Map(Object.entries(each)))
  if (listed.length > 0) completed.set('model_version_dependencies', listed)
  return completed
}
