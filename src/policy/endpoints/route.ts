/** One method and path of MLflow's servers, whatever the prefix. */
export interface Route {
  readonly method: string
  /** Path below the API prefix, with `{param}` placeholders. */
  readonly path: string
  /** The versions that serve the path below each prefix; the prefix is empty for paths outside the API. */
  readonly prefixes: Readonly<Record<string, readonly string[]>>
  readonly request?: string
  readonly response?: string
  /** Parameters that may hold slashes. */
  readonly multiSegment?: readonly string[]
  /** Versions that register the route and answer 404. */
  readonly notImplementedIn?: readonly string[]
  /** Served only with `--app-name basic-auth` or `--expose-prometheus`. */
  readonly server?: 'basic-auth' | 'prometheus'
}
