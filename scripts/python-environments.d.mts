/** The supported MLflow versions, oldest first. */
export declare const mlflowVersions: readonly string[]
/** Folder of everything that outlives a checkout; safe to delete. */
export declare function cacheFolder(): string
/** The Python of an MLflow version's environment; the environment must have been made. */
export declare function pythonOf(version: string): string
/** Makes the environments that are not there yet: of MLflow versions, and of `databricks`. */
export declare function ensurePythonEnvironments(versions: readonly string[], say: (line: string) => void): Promise<void>
