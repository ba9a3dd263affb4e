/** A call to a Databricks workspace about artifacts. */
export interface ArtifactCall {
  readonly method: 'GET' | 'POST'
  /** Path and query. */
  readonly target: string
  readonly body: string | null
}

const calls = [
  /^\/api\/2\.0\/dbfs\/[a-z-]+$/,
  /^\/api\/2\.0\/fs\/(?:create-(?:download|upload)-url|directories\/Models\/.+)$/,
  /^\/api\/2\.0\/mlflow\/artifacts\/(?:list|credentials-for-(?:read|write))$/,
  /^\/api\/2\.0\/mlflow\/logged-models\/m-[0-9a-f]{32}\/artifacts\/(?:directories|credentials-for-(?:download|upload))$/,
  /^\/api\/2\.0\/mlflow\/traces\/tr-[0-9a-f]{32}\/credentials-for-data-(?:download|upload)$/,
  /^\/api\/2\.0\/mlflow\/unity-catalog\/model-versions\/(?:get|generate-temporary-credentials)$/,
  /^\/api\/2\.0\/mlflow\/model-versions\/(?:list-artifacts|get-signed-download-uri)$/,
]

/** Whether it is a call that lists, reads or writes files. */
export function isArtifactCall({ target }: ArtifactCall): boolean {
  const path = target.split('?', 1)[0] ?? ''
  return calls.some((call) => call.test(path))
}
