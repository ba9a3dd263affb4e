/** Headers that Databricks chooses for requests to Azure storage. */
export type AzureRequest = 'read' | 'putBlock' | 'putBlockList' | 'createFile' | 'updateFile'

const common = [
  'x-ms-version',
  'x-ms-date',
  'x-ms-client-request-id',
  'x-ms-lease-id',
  'x-ms-encryption-key',
  'x-ms-encryption-key-sha256',
  'x-ms-encryption-algorithm',
]
const conditions = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']
const file = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'content-type'].map(
  (name) => `x-ms-${name}`,
)
const owner = ['x-ms-encryption-context', 'x-ms-properties', 'x-ms-permissions', 'x-ms-owner', 'x-ms-group', 'x-ms-acl']

/** The list of MLflow's own client (mlflow/azure/client.py), without headers about the body, which the proxy sets. */
const allowed: Readonly<Record<AzureRequest, ReadonlySet<string>>> = {
  read: new Set(common),
  putBlock: new Set([...common, 'x-ms-encryption-scope']),
  putBlockList: new Set([
    ...common,
    ...conditions,
    ...file.map((name) => name.replace('x-ms-', 'x-ms-blob-')),
    'x-ms-encryption-scope',
    'x-ms-tags',
    'x-ms-access-tier',
  ]),
  createFile: new Set([...common, ...conditions, ...file, ...owner, 'x-ms-umask', 'x-ms-expiry-option', 'x-ms-expiry-time']),
  updateFile: new Set([...common, ...conditions, ...file, ...owner]),
}

/** The headers of a credential that may be sent. */
export function azureHeaders(request: AzureRequest, headers: ReadonlyMap<string, string>): Record<string, string> {
  const names = allowed[request]
  const may = (name: string) => names.has(name) || (request === 'putBlockList' && /^x-ms-meta-[a-z0-9_]+$/.test(name))
  return Object.fromEntries([...headers].filter(([name]) => may(name)))
}
