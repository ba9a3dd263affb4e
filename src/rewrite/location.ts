/**
 * An artifact location as the client should see it: one that the server itself serves becomes `mlflow-artifacts:/…`, so that clients
 * ask the proxy for it; storage of its own (`s3:`, `abfss:`, …) stays as it is, because clients reach it with their own credentials.
 */
export function clientLocation(uri: string): string {
  const served =
    /^mlflow-artifacts:\/\/[^/]+(\/.*)?$/.exec(uri) ??
    /^https?:\/\/[^/]+\/(?:.*\/)?api\/2\.0\/mlflow-artifacts\/artifacts(\/.*)?$/.exec(uri)
  return served ? `mlflow-artifacts:${served[1] ?? '/'}` : uri
}
