/** One file below a folder of the store. */
export interface StoredFile {
  readonly path: string
  readonly size: number
}

/** Where the workspace keeps bytes. Paths are those of `dbfs:` without the first slash: `databricks/mlflow-tracking/…`. */
export interface Storage {
  /** What a credential for this store is called (fact 48). */
  readonly credentialType: 'AZURE_SAS_URI' | 'AZURE_ADLS_GEN2_SAS_URI'
  /** A URL that lets its holder read or write one file for a while. */
  sign(path: string, may: 'read' | 'write', seconds: number): string
  /** A token that is good for a folder, as Unity Catalog's temporary credentials are (fact 33). */
  signFolder(folder: string, may: 'read' | 'write', seconds: number): string
  /** URL of a folder without a token, as a storage location names it. */
  locationOf(folder: string): string
  files(folder: string): Promise<StoredFile[]>
  read(path: string): Promise<Buffer | null>
  write(path: string, bytes: Uint8Array): Promise<void>
  remove(path: string): Promise<void>
  close(): Promise<void>
}

/** An entry of a folder. */
export interface FolderEntry {
  /** The last segment of its path. */
  readonly name: string
  readonly isFolder: boolean
  readonly size: number
}

/** What lies directly in a folder, by name; empty for a folder that is absent. */
export async function entriesOf(storage: Storage, folder: string): Promise<FolderEntry[]> {
  const entries = new Map<string, FolderEntry>()
  for (const { path, size } of await storage.files(folder)) {
    const [name = '', ...rest] = path.slice(folder.length + 1).split('/')
    entries.set(name, { name, isFolder: rest.length > 0, size: rest.length > 0 ? 0 : size })
  }
  return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Copies all files below one folder to another; gives their number. */
export async function copyFolder(storage: Storage, from: string, to: string): Promise<number> {
  const files = await storage.files(from)
  for (const { path } of files) {
    const bytes = await storage.read(path)
    if (bytes !== null) await storage.write(`${to}${path.slice(from.length)}`, bytes)
  }
  return files.length
}
