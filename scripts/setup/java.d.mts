/** The path of a program of the JDK: in $JAVA_HOME, else on the PATH; null where there is none. */
export function findInJdk(name: string): string | null
/** Folder of the client's jars; another version of it is another folder. */
export function jarsFolder(): string
/** Whether the client's jars have been fetched. */
export function hasJars(): boolean
/** Installs a JDK and Maven where they are missing and this user may, and fetches the client's jars; else throws what to do, in one line. */
export function ensureJavaClient(say: (line: string) => void): Promise<void>
