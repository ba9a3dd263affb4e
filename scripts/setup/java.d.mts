/** The path of a program of the JDK: in $JAVA_HOME, otherwise on the PATH; null if there is none. */
export function findInJdk(name: string): string | null
/** The folder of the client's jars, one per version. */
export function jarsFolder(): string
/** Whether the client's jars have been fetched. */
export function hasJars(): boolean
/** Installs a JDK and Maven if they are missing and this user may, and downloads the client's jars; otherwise throws what to do, in one line. */
export function ensureJavaClient(say: (line: string) => void): Promise<void>
