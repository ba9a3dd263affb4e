import { withoutTrailing } from '../../policy/names/trailing.ts'
import { completeOwn } from './complete-credentials.ts'
import { completeSidecar, defaultsOf } from './config-credentials.ts'
import type { ConfigFile } from './config-file.ts'
import { completeEntra, completeIssuers, personalWorkspace } from './config-issuers.ts'
import { completeLogin } from './config-login.ts'
import type { Config } from './config-types.ts'
import { databricksAudience } from './databricks-audience.ts'

type Authentication = Config['authentication']

/** Who may call, as the file means it. */
export function completeAuthentication(file: ConfigFile, env: NodeJS.ProcessEnv): Authentication {
  const { entra, login } = file.authentication
  const sidecar = completeSidecar(file, env)
  const databricksTokens = personalWorkspace(file)
  const directory = completeDirectory(file)
  const graph = directory === 'graph' ? completeGraph(file, env) : null
  return {
    ...(sidecar === null ? {} : { sidecar }),
    issuers: completeIssuers(file),
    ...(entra === undefined ? {} : { entra: completeEntra(entra) }),
    ...(databricksTokens === undefined ? {} : { databricksTokens }),
    directory,
    ...(graph === null ? {} : { graph }),
    ...(login === undefined || entra === undefined ? {} : { login: completeLogin(login, entra.audiences) }),
  }
}

/** How Microsoft Graph is asked: with tokens for it, whatever cloud it is of. */
function completeGraph(file: ConfigFile, env: NodeJS.ProcessEnv): NonNullable<Authentication['graph']> | null {
  const { url = 'https://graph.microsoft.com', credentials: entry = { mode: 'workloadIdentity' } } =
    file.authentication.graph ?? {}
  const origin = withoutTrailing(url, '/')
  const credentials = completeOwn(entry, { ...defaultsOf(file, env), scope: `${origin}/.default` })
  return credentials === null ? null : { url: origin, credentials }
}

/**
 * The directory that the file names. Where it names none: the workspace, if callers come with tokens that it takes and that are passed on to
 * it anyway; such tokens list no groups.
 */
function completeDirectory({ authentication, upstream }: ConfigFile): Config['authentication']['directory'] {
  const { directory, entra } = authentication
  if (directory !== undefined) return directory
  const passed = upstream.kind === 'databricks' && upstream.credentials.mode === 'passthrough'
  return passed && entra?.audiences.includes(databricksAudience) ? 'databricks' : 'none'
}
