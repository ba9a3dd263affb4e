import { location, tags } from './limits.ts'
import type { MeaningRow } from './meaning-row.ts'

/** Registered models and their versions. */
export const registryMeanings = {
  modelName: {
    checks: ['names', 'scope', 'versions'],
    audit: 'model',
    words: "a model's name: the caller's own, or for reading a qualified name of an environment that the caller may promote from",
  },
  newModelName: {
    checks: ['names', 'versions'],
    audit: 'model',
    detail: 'newName',
    words: "the new name of a model: in the caller's environment",
  },
  catalogLevel: {
    unchecked: 'it is joined to the name beside it before anything is judged',
    audit: 'schema',
    words: "the catalog or schema of a model's name: together with it like `modelName`; for lists the environment's own",
  },
  version: {
    checks: ['versionNumbers', 'versions'],
    words: 'the number of a version of the model in the same request; versions in Production only by production environments',
  },
  stage: { checks: ['versions'], detail: 'toStage', words: 'the new stage of a version, by the table of stages' },
  stages: { unchecked: 'they are asked for among what the caller may see, and written anew', words: 'stages to look for' },
  archiveExisting: {
    checks: ['versions'],
    detail: 'archivesOthers',
    words: "whether other versions in the stage are archived: only for the caller's own models",
  },
  alias: {
    checks: ['names', 'versions'],
    detail: 'alias',
    words: 'an alias of the model in the same request; `production` is reserved for production environments',
  },
  versionSource: {
    checks: ['sourceText', 'versionSource'],
    limit: location,
    words: 'the source of a version: a run, logged model, version or storage of the environment',
  },
  versionTags: { checks: ['promptTags', 'tags'], limit: tags, words: 'tags of a version, like `runTags`' },
  credentialOperation: {
    checks: ['versions'],
    words: "the purpose of credentials: reading, or writing one of the caller's own versions until it is ready",
  },
  webhook: { checks: ['workspaceIds'], words: "a webhook's id: of a webhook for one of the caller's models" },
  registeredModelId: { checks: ['workspaceIds'], words: "the workspace's id of a model: must be the caller's own" },
} as const satisfies Record<string, MeaningRow>
