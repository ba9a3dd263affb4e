/** What one MLflow client sees. */
export interface View {
  readonly experiments: readonly {
    readonly name: string
    readonly runs: readonly string[]
    readonly artifacts: readonly string[]
  }[]
  readonly versions: readonly { readonly name: string; readonly version: string; readonly stage: string; readonly run: string }[]
}

/** What somebody tried; `code` is MLflow's error code, null where it was not refused. */
export interface Attempt {
  readonly what: string
  readonly code: string | null
  readonly message: string
}

/** Files in the storage of a workspace that everybody's training makes one of: of runs, logged models and registered versions. */
export interface StoredFiles {
  readonly notes: number
  readonly models: number
  readonly versions: number
}

/** Everything that the demo found out. */
export interface Findings {
  /** By environment, through the proxy. */
  readonly seen: Readonly<Record<string, View>>
  /** In MLflow itself. */
  readonly stored: View
  readonly attempts: readonly Attempt[]
  /** In the storage of the workspace; absent where there is no workspace. */
  readonly files?: StoredFiles
}

/** Rows of cells, the headings first. */
export type Table = readonly (readonly string[])[]

const inOrder = (names: readonly string[]) => [...names].sort().join(', ')

/** A row for each environment: what its client sees. */
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

/** A row for each experiment of MLflow, with the model versions that its runs made. */
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

/** A row for each kind of file. */
export function tabulateFiles({ notes, models, versions }: StoredFiles): Table {
  return [
    ['file', 'of', 'how many'],
    ['notes.md', 'runs', String(notes)],
    ['MLmodel', 'logged models', String(models)],
    ['MLmodel', "registered versions (the registry's own copies)", String(versions)],
  ]
}
