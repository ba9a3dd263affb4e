import { longestColumn, MiB, tags, word } from './limits.ts'
import type { MeaningRow } from './meaning-row.ts'

/** Runs and logged models. */
export const runMeanings = {
  run: {
    checks: ['runs'],
    limit: word,
    audit: 'run',
    words: "a run's id: must be the caller's own; for reading also a run behind a version that the caller may promote",
  },
  runsToRead: {
    checks: ['runs'],
    limit: word,
    audit: 'run',
    words: 'ids of runs, each like `run`',
  },
  relatedRun: {
    checks: ['relatedRuns'],
    limit: word,
    audit: 'run',
    words: 'a run that is only referred to: must be readable; text that cannot be an id refers to nothing',
  },
  runTags: {
    checks: ['promptTags', 'tags'],
    limit: tags,
    words: 'tags; `mlflow.parentRunId` and the like refer to runs and models, which must be readable',
  },
  runTag: {
    checks: ['promptTags', 'tags'],
    limit: tags,
    words: "a tag's value, checked by its key",
  },
  tagKey: {
    checks: ['promptTags', 'tags'],
    limit: word,
    words: "a tag's key; the proxy's own tag is refused",
  },
  loggedModel: {
    checks: ['loggedModels'],
    limit: word,
    audit: 'loggedModel',
    words: "a logged model's id, like `run`",
  },
  relatedModel: {
    checks: ['relatedModels'],
    limit: word,
    audit: 'loggedModel',
    words: 'a logged model that is only referred to, like `relatedRun`',
  },
  loggedModelTags: {
    checks: ['promptTags', 'tags'],
    limit: tags,
    words: 'tags of a logged model, like `runTags`; names in `mlflow.modelVersions` are mapped',
  },
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
