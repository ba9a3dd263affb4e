import { MiB, readJson } from './limits.ts'
import type { MeaningRow } from './meaning-row.ts'

/** Data sets, issues, scorers, label schemas and review queues. */
export const genaiMeanings = {
  dataset: {
    checks: ['entities'],
    audit: 'dataset',
    words: "an evaluation data set's id: all its experiments must be the caller's own",
  },
  issue: { checks: ['entities'], audit: 'issue', words: "an issue's id: in one of the caller's own experiments" },
  newIssue: { checks: ['newIssueIds', 'mentionedIssues'], audit: 'issue', words: 'the id of a new issue: must be free' },
  relatedIssue: {
    checks: ['mentionedIssues'],
    words: "an assessment's name: if it is an issue's id, in one of the caller's own experiments",
  },
  labelSchema: {
    checks: ['entities'],
    audit: 'labelSchema',
    words: "a label schema's id: in one of the caller's own experiments",
  },
  labelSchemas: { checks: ['entities'], audit: 'labelSchema', words: 'ids of label schemas, each like `labelSchema`' },
  reviewQueue: {
    checks: ['entities'],
    audit: 'reviewQueue',
    words: "a review queue's id: in one of the caller's own experiments",
  },
  boundResource: {
    checks: ['boundScorers'],
    audit: 'scorer',
    words:
      "what an endpoint is bound to: a scorer's id, in one of the caller's own experiments; text that cannot be an id refers to nothing",
  },
  scorersToRead: {
    unchecked: 'whose they are, only the answer tells',
    words: "ids of scorers: the answer leaves out those outside the caller's own experiments",
  },
  scorerJson: {
    checks: ['scorerText'],
    limit: readJson,
    words:
      "a scorer as JSON: a judge may name one of the caller's own AI gateway endpoints (`gateway:/chat`), if the environment has the gateway",
  },
  recordsJson: {
    // Clients send their records by the thousand; what is free in them is passed over.
    checks: ['traces', 'tags'],
    limit: { characters: 32 * MiB, items: 1 },
    words: 'records of a data set as a JSON list: the traces they were created from must be readable; their tags like `runTags`',
  },
  tagsJson: { checks: ['tags'], limit: readJson, words: 'tags as a JSON object, like `runTags`' },
} as const satisfies Record<string, MeaningRow>
