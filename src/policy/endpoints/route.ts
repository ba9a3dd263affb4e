import type { VersionRange } from '../messages/version-range.ts'

/** One method and path of MLflow's servers, whatever the prefix. */
export interface Route {
  readonly method: string
  /** Path below the API prefix, with `{param}` placeholders. */
  readonly path: string
  /** Who serves the path below each prefix: versions of MLflow, or only a workspace. The prefix is empty for paths outside the API. */
  readonly prefixes: Readonly<Record<string, VersionRange | 'databricks'>>
  readonly request?: string
  readonly response?: string
  /** Parameters that may hold slashes. */
  readonly multiSegment?: readonly string[]
  /** Versions that register the route and answer 404. */
  readonly notImplementedIn?: VersionRange
  /** Served only with `--app-name basic-auth` or `--expose-prometheus`. */
  readonly server?: 'basic-auth' | 'prometheus'
}
