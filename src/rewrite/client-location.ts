import { servedArtifactPath } from '../policy/locations/store-path.ts'

/**
 * A server with workspaces keeps each one's artifacts in a folder of its own, which is in their locations and which it goes to by itself
 * when it is asked for them: clients do without.
 */
export function withoutWorkspace(uri: string): string {
  return uri.replace(/^mlflow-artifacts:\/workspaces\/[a-z0-9-]+(\/|$)/, 'mlflow-artifacts:$1')
}

/** The same location as the server has it: for what a version is to be made of. */
export function withinWorkspace(uri: string, workspace: string | undefined): string {
  return workspace === undefined ? uri : uri.replace(/^mlflow-artifacts:\//, `mlflow-artifacts:/workspaces/${workspace}/`)
}

/**
 * An artifact location as the client should see it: one that the server itself serves becomes `mlflow-artifacts:/…`, so that clients
 * ask the proxy for it; storage of its own (`s3:`, `abfss:`, …) stays as it is, because clients reach it with their own credentials.
 */
export function clientLocation(uri: string): string {
  const atHost = /^mlflow-artifacts:\/\/[^/]+(\/.*)?$/.exec(uri)
  const served = atHost ? (atHost[1] ?? '') : servedArtifactPath(uri)
  return withoutWorkspace(served === null ? uri : `mlflow-artifacts:${served || '/'}`)
}
