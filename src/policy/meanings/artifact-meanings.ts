import { path } from './limits.ts'
import type { MeaningRow } from './meaning-row.ts'

const inStore = { checks: ['paths', 'storePaths'], limit: path, audit: 'artifact' } as const

/** Artifacts. */
export const artifactMeanings = {
  storePath: {
    ...inStore,
    words: "a path in the artifact store: in one of the caller's experiments; changes only inside artifacts",
  },
  storeFolder: { ...inStore, words: 'a folder in the artifact store, like `storePath`; the root belongs to nobody' },
  workspaceFile: {
    ...inStore,
    words: "a path of the Files API: in the artifacts of the caller's runs and logged models, like `storePath`",
  },
  dbfsPath: { ...inStore, words: "a path of DBFS: under the environment's `sourcePrefixes`, or like `workspaceFile`" },
  relativePath: {
    checks: ['paths'],
    limit: path,
    detail: 'path',
    words: 'a path within artifacts: canonical, without dot segments',
  },
  filePath: {
    checks: ['paths'],
    limit: path,
    detail: 'path',
    words: 'paths of single files within artifacts, each like `relativePath`',
  },
  localFile: {
    checks: ['paths'],
    limit: path,
    words: "the path of an uploaded file on the client: only its last part counts, as the file's name",
  },
} as const satisfies Record<string, MeaningRow>
