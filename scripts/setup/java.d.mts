/** MLflow's client alone, or with azure-identity. */
type Kind = 'mlflow-client' | 'azure-identity'
/** The path of a program of the JDK: in $JAVA_HOME, otherwise on the PATH; null if there is none. */
export function findInJdk(name: string): string | null
/** The folder of a client's jars, one per version. */
export function jarsFolder(kind?: Kind): string
/** Whether a client's jars have been fetched. */
export function hasJars(kind?: Kind): boolean
/** Installs a JDK and Maven if they are missing and this user may, and downloads a client's jars; otherwise throws what to do, in one line. */
export function ensureJavaClient(say: (line: string) => void, kind?: Kind): Promise<void>
