import type { Access } from './access.ts'
import type { Directory } from './directory.ts'
import type { Folders } from './folders.ts'
import type { Mlflow } from './mlflow.ts'
import type { Owners } from './owners.ts'
import type { Storage } from './storage.ts'

/** How versions are registered. */
export interface Registration {
  /** How long the copying takes at least. */
  readonly seconds: number
  /** Whether a version may be moved while it is pending; nobody has written down what Databricks does, so both can be tried. */
  readonly pendingTransitions: 'allowed' | 'refused'
}

/** What the groups of routes share. */
export interface Interior {
  readonly mlflow: Mlflow
  readonly directory: Directory
  readonly access: Access
  readonly folders: Folders
  readonly owners: Owners
  readonly storage: Storage
  readonly registration: Registration
}
