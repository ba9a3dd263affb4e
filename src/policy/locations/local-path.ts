/** The scheme and authority of a local path, none or `file:`, and the absolute path behind them. */
const local = /^(file:(?:\/\/(?:localhost)?)?)?(\/(?:[^/\n\r\u2028\u2029].*)?)$/i

/** A local path or file URI without dot segments, as MLflow's server resolves it; any other text as it is. */
export function resolveLocalPath(uri: string): string {
  const [, scheme = '', path = ''] = local.exec(uri) ?? []
  if (path.includes('//') || !/\/\.\.?(?:\/|$)/.test(path)) return uri
  const kept: string[] = []
  for (const segment of path.slice(1).split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  return `${scheme}/${kept.join('/')}`
}

/** A file URI of this machine as the path that it is; any other text as it is. */
export function plainPath(uri: string): string {
  return local.exec(uri)?.[2] ?? uri
}

/** Whether the text is a file URI of another machine. */
export function isRemoteFile(uri: string): boolean {
  const host = /^file:\/\/([^/]+)/i.exec(uri)?.[1]
  return host !== undefined && host !== '.' && !/^(?:localhost|127\.0\.0\.1)/i.test(host)
}
