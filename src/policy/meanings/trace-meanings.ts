import { allSpans, filter, inExperiments, KiB, longestColumn, tags } from './limits.ts'
import type { MeaningRow } from './meaning-row.ts'

const tagged = { checks: ['traceNames', 'traces', 'traceTags'] } as const
const ofSpans = { ...tagged, limit: { characters: longestColumn, items: allSpans, key: 16 * KiB } } as const

/** Traces. */
export const traceMeanings = {
  relatedModelName: {
    checks: ['traceNames'],
    audit: 'model',
    words:
      "the name of a model or prompt that is only referred to: the caller's own, or of an environment that the caller may promote from",
  },
  trace: {
    checks: ['traces'],
    audit: 'trace',
    words:
      "ids of traces: must be the caller's own; for reading also those of a run behind a version that the caller may promote",
  },
  newTrace: {
    checks: ['newTraceIds', 'traces'],
    audit: 'trace',
    words: "the id of a new trace: free, or one of the caller's own traces",
  },
  relatedTrace: { checks: ['traces'], words: 'a trace that is only referred to: must be readable if it exists' },
  tracesToSearch: { checks: ['traces'], audit: 'trace', words: 'ids of traces: foreign ones are skipped, like absent ones' },
  locationsToSearch: {
    checks: ['experimentIds', 'searchedExperiments'],
    limit: inExperiments,
    words: 'where to search for traces: experiments, like `experimentsToSearch`',
  },
  traceTags: {
    ...tagged,
    limit: tags,
    words:
      'tags or metadata of a trace or assessment: runs, models, traces and prompts in them must be readable; only MLflow sets where the data is stored',
  },
  traceTagKey: {
    ...tagged,
    detail: 'tagKey',
    words: "the key of a trace's tag; keys that say where MLflow stores the trace are refused",
  },
  traceTag: { ...tagged, limit: tags, words: "the value of a trace's tag, checked by its key, like in `traceTags`" },
  traceFilter: { checks: ['traceFilters'], limit: filter, words: 'a filter of traces: names of prompts in it are mapped' },
  spanAttributes: { ...ofSpans, words: 'attributes of spans: those that MLflow turns into tags, like `traceTags`' },
  resourceAttributes: {
    ...ofSpans,
    words: "attributes of OpenTelemetry's resource, which MLflow turns into tags, like `traceTags`",
  },
  assessmentId: {
    unchecked: 'it is left out of what is sent',
    words: "an assessment's id, which MLflow generates itself: dropped",
  },
} as const satisfies Record<string, MeaningRow>
