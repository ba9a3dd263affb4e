import { inExperiments, location, tags } from './limits.ts'
import type { MeaningRow } from './meaning-row.ts'

/** Experiments. */
export const experimentMeanings = {
  experimentName: {
    checks: ['names'],
    audit: 'experiment',
    words: "an experiment's name: the caller's own, plain or qualified; never another environment's",
  },
  newExperimentName: {
    checks: ['names'],
    audit: 'experiment',
    detail: 'newName',
    words: "the new name of an experiment: in the caller's environment",
  },
  experiment: {
    checks: ['experimentIds', 'ownExperiments'],
    audit: 'experiment',
    words: "an experiment's id: must be the caller's own; `0` is the environment's default experiment",
  },
  experiments: {
    checks: ['experimentIds', 'ownExperiments'],
    limit: inExperiments,
    audit: 'experiment',
    words: 'ids of experiments, each like `experiment`',
  },
  experimentsToSearch: {
    checks: ['experimentIds', 'searchedExperiments'],
    limit: inExperiments,
    audit: 'experiment',
    words: 'ids of experiments: foreign ones are skipped, like absent ones',
  },
  artifactLocation: {
    checks: ['artifactLocation'],
    limit: location,
    words: "where an experiment's artifacts are stored: only under the environment's `sourcePrefixes`",
  },
  experimentTags: {
    checks: ['experimentTags'],
    limit: tags,
    words: 'tags of an experiment: those that make the server itself look for issues, with its own secrets, are refused',
  },
  experimentTagKey: {
    checks: ['experimentTags'],
    detail: 'tagKey',
    words: "the key of an experiment's tag, like in `experimentTags`",
  },
} as const satisfies Record<string, MeaningRow>
