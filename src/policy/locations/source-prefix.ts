/** A storage folder in its one canonical spelling, ending with a slash, or what is wrong with it and what to write instead. */
export type SourcePrefix = { readonly ok: true; readonly prefix: string } | { readonly ok: false; readonly message: string }

const bucketSchemes = ['s3', 'r2', 'b2', 'gs']
const azureSchemes = ['abfss', 'wasbs']
const hdfsSchemes = ['hdfs', 'viewfs']
const schemes = [...bucketSchemes, ...azureSchemes, 'dbfs', ...hdfsSchemes, 'file']

/** Folders where Databricks keeps the artifacts of every environment. */
const managedFolders = ['dbfs:/databricks/mlflow-tracking/', 'dbfs:/databricks/mlflow-registry/', 'dbfs:/databricks/mlflow/']

/** Reads one entry of `sourcePrefixes`. Whatever two storage clients could read differently is refused. */
export function readSourcePrefix(text: string): SourcePrefix {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]
  if (scheme === undefined) return wrong('is not an absolute storage URI; write for example s3://models/acc/')
  if (!schemes.includes(scheme)) return wrong(`has the scheme \`${scheme}\`; write one of ${schemes.join(', ')} (in lower case)`)
  const shape = shapeOf(scheme)
  const match = shape.pattern.exec(text)
  if (match === null) return wrong(`does not have the form ${shape.form}; write for example ${shape.example}`)
  const path = (match.groups?.path ?? '').replace(/^\//, '').replace(/\/$/, '')
  const problem = pathProblem(path, scheme)
  if (problem !== null) return wrong(problem)
  const prefix = text.endsWith('/') ? text : `${text}/`
  const managed = managedFolders.find((folder) => folder.startsWith(prefix) || prefix.startsWith(folder))
  if (managed !== undefined) {
    return wrong(`overlaps ${managed}, where Databricks stores the artifacts of every environment; write another folder`)
  }
  return { ok: true, prefix }
}

/** Whether every storage object under `inner` also lies under `outer`; both canonical. Azure's two schemes are one storage. */
export function holdsPrefix(outer: string, inner: string): boolean {
  return storageOf(inner).startsWith(storageOf(outer))
}

function storageOf(prefix: string): string {
  return prefix.replace(/^(?:abfss|wasbs):\/\/([^@/]+)@([^./]+)\.(?:dfs|blob)\./, 'azure://$1@$2.')
}

function wrong(message: string): SourcePrefix {
  return { ok: false, message }
}

interface Shape {
  readonly pattern: RegExp
  readonly form: string
  readonly example: string
}

function shapeOf(scheme: string): Shape {
  if (bucketSchemes.includes(scheme)) {
    const pattern = /^[a-z0-9]+:\/\/[a-z0-9][a-z0-9._-]*[a-z0-9](?<path>\/.*)?$/
    return {
      pattern,
      form: `${scheme}://bucket/folder/ (a bucket in lower case, no user, no port)`,
      example: `${scheme}://models/acc/`,
    }
  }
  if (azureSchemes.includes(scheme)) {
    const service = scheme === 'abfss' ? 'dfs' : 'blob'
    const pattern = new RegExp(`^${scheme}://[a-z0-9][a-z0-9-]*@[a-z0-9]+\\.${service}\\.[a-z0-9.-]+[a-z0-9](?<path>/.*)?$`)
    const host = `account.${service}.core.windows.net`
    return { pattern, form: `${scheme}://container@${host}/folder/ (in lower case)`, example: `${scheme}://models@${host}/acc/` }
  }
  if (hdfsSchemes.includes(scheme)) {
    const pattern = /^[a-z]+:\/\/[a-z0-9][a-z0-9.-]*(?::[1-9][0-9]{0,4})?(?<path>\/.*)$/
    return { pattern, form: `${scheme}://namenode/folder/ (a host in lower case)`, example: `${scheme}://namenode/models/acc/` }
  }
  if (scheme === 'dbfs')
    return {
      pattern: /^dbfs:(?<path>\/(?:[^/\n\r\u2028\u2029].*)?)$/,
      form: 'dbfs:/folder/ (one slash)',
      example: 'dbfs:/models/acc/',
    }
  return {
    pattern: /^file:\/\/(?<path>\/(?:[^/\n\r\u2028\u2029].*)?)$/,
    form: 'file:///folder/ (three slashes)',
    example: 'file:///mnt/models/acc/',
  }
}

/** The path without its outer slashes. A bucket may be named whole; a file system may not. */
function pathProblem(path: string, scheme: string): string | null {
  if (path === '')
    return [...bucketSchemes, ...azureSchemes].includes(scheme) ? null : 'is a whole file system; write a folder in it'
  if (/[?#]/.test(path)) return 'has a query or fragment; write only the folder'
  if (path.includes('%')) return 'has a percent sign, which storage clients decode differently; write a folder without one'
  if (path.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return 'has an empty or dot segment; write the resolved path'
  }
  if (!/^[A-Za-z0-9._~+,=@()/-]+$/.test(path)) {
    return 'has a character that storage clients may read differently; write only letters, digits and . _ ~ + , = @ ( ) -'
  }
  return null
}
