interface LockFile {
  packages: Record<string, { version?: string; optional?: boolean }>
}
/** Whether node_modules contains exactly what package-lock.json lists; optional packages of other platforms may be absent. */
export declare function isInstalled(wanted: LockFile, installed: LockFile): boolean
/** The checkout. */
export const root: string
