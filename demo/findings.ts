/** What one MLflow client sees. */
export interface View {
  readonly experiments: readonly {
    readonly name: string
    readonly runs: readonly string[]
    readonly artifacts: readonly string[]
  }[]
  readonly versions: readonly { readonly name: string; readonly version: string; readonly stage: string; readonly run: string }[]
}

/** An attempt of a caller; `code` is MLflow's error code, null if it was not refused. */
export interface Attempt {
  readonly what: string
  readonly code: string | null
  readonly message: string
}

/** Files in a workspace's storage, by kind: of runs, logged models and registered versions. */
export interface StoredFiles {
  readonly notes: number
  readonly models: number
  readonly versions: number
}

/** All results of the demo. */
export interface Findings {
  /** By environment, through the proxy. */
  readonly seen: Readonly<Record<string, View>>
  /** In MLflow itself. */
  readonly stored: View
  readonly attempts: readonly Attempt[]
  /** In the workspace's storage; absent without a workspace. */
  readonly files?: StoredFiles
}

/** Rows of cells, headings first. */
export type Table = readonly (readonly string[])[]

const inOrder = (names: readonly string[]) => [...names].sort().join(', ')

/** One row per environment: what its client sees. */
export function tabulateSeen(seen: Findings['seen']): Table {
  const rows = Object.entries(seen).map(([environment, { experiments, versions }]) => [
    environment,
    inOrder(experiments.map(({ name }) => name)),
    String(experiments.flatMap(({ runs }) => runs).length),
    inOrder(experiments.flatMap(({ artifacts }) => artifacts)),
    inOrder(versions.map(({ name, version }) => `${name} v${version}`)),
    inOrder(versions.map(({ stage }) => stage)),
  ])
  return [['environment', 'experiments', 'runs', 'artifacts', 'model', 'stage'], ...rows]
}

/** One row per experiment of MLflow, with the model versions that its runs registered. */
export function tabulateStored({ experiments, versions }: View): Table {
  const rows = experiments.map(({ name, runs }) => {
    const made = versions.filter(({ run }) => runs.includes(run))
    return [
      name,
      String(runs.length),
      inOrder(made.map((version) => `${version.name} v${version.version}`)),
      inOrder(made.map(({ stage }) => stage)),
    ]
  })
  return [['experiment', 'runs', 'model', 'stage'], ...rows.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))]
}

/** One row per kind of file. */
export function tabulateFiles({ notes, models, versions }: StoredFiles): Table {
  return [
    ['file', 'of', 'how many'],
    ['notes.md', 'runs', String(notes)],
    ['MLmodel', 'logged models', String(models)],
    ['MLmodel', "registered versions (the registry's own copies)", String(versions)],
  ]
}
