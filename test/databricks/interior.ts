import type { Access } from './access.ts'
import type { Directory } from './directory.ts'
import type { Folders } from './folders.ts'
import type { Mlflow } from './mlflow.ts'
import type { Owners } from './owners.ts'
import type { Storage } from './storage.ts'

/** What the groups of routes share. */
export interface Interior {
  readonly mlflow: Mlflow
  readonly directory: Directory
  readonly access: Access
  readonly folders: Folders
  readonly owners: Owners
  readonly storage: Storage
}
