import { longestColumn, MiB, tags } from './limits.ts'
import type { MeaningRow } from './meaning-row.ts'

const tagged = { checks: ['promptTags', 'tags'], limit: tags } as const

/** Runs and logged models. */
export const runMeanings = {
  run: {
    checks: ['runs'],
    audit: 'run',
    words: "a run's id: must be the caller's own; for reading also a run behind a version that the caller may promote",
  },
  runsToRead: { checks: ['runs'], audit: 'run', words: 'ids of runs, each like `run`' },
  relatedRun: {
    checks: ['relatedRuns'],
    audit: 'run',
    words: 'a run that is only referred to: must be readable; text that cannot be an id refers to nothing',
  },
  runTags: { ...tagged, words: 'tags; `mlflow.parentRunId` and the like refer to runs and models, which must be readable' },
  runTag: { ...tagged, words: "a tag's value, checked by its key" },
  tagKey: { checks: ['promptTags', 'tags'], detail: 'tagKey', words: "a tag's key; the proxy's own tag is refused" },
  loggedModel: { checks: ['loggedModels'], audit: 'loggedModel', words: "a logged model's id, like `run`" },
  relatedModel: {
    checks: ['relatedModels'],
    audit: 'loggedModel',
    words: 'a logged model that is only referred to, like `relatedRun`',
  },
  loggedModelTags: { ...tagged, words: 'tags of a logged model, like `runTags`; names in `mlflow.modelVersions` are mapped' },
  modelJson: {
    checks: ['tags'],
    limit: { characters: longestColumn, items: 1 },
    words: 'the description of a logged model: what its ids refer to must be readable',
  },
  dataSource: {
    // MLflow keeps 65,535 characters.
    checks: ['links', 'dataNames', 'dataSources'],
    limit: { characters: MiB, items: 1 },
    words: 'where data was read from, as JSON or plain text: runs, models and artifacts in its MLflow URIs must be readable',
  },
} as const satisfies Record<string, MeaningRow>
