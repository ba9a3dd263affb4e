/** The supported MLflow versions, oldest first. */
export declare const mlflowVersions: readonly string[]
export declare const newestMlflow: string
/** Folder of everything that outlives a checkout; safe to delete. */
export declare function cacheFolder(): string
/** The environments that the tests need besides MLflow's: of another client, and of tools. */
export declare const toolEnvironments: readonly string[]
/** The environments that only the full matrix needs: third-party tools that log to MLflow. */
export declare const integrationEnvironments: readonly string[]
/** The Python of an environment, which must exist. */
export declare function pythonOf(version: string): string
/** Creates the missing environments. */
export declare function ensurePythonEnvironments(versions: readonly string[], say: (line: string) => void): Promise<void>
