/** How much a value may hold, whatever it is: texts, lists, maps or objects, at every level of it. */
export interface Limit {
  /** Characters of each text. */
  readonly characters: number
  /** Items of each list, and members of each map. */
  readonly items: number
  /** Characters of each key of a map or of a tag; left out: as many as of a text. */
  readonly key?: number
}

export const KiB = 1024
export const MiB = 1024 * KiB

/** The longest text that any supported MLflow keeps in one column: `MAX_DATASET_PROFILE_SIZE` (mlflow/utils/validation.py). */
export const longestColumn = 16_777_215
/** As many experiments as MLflow lists at once, `MAX_EXPERIMENTS_LISTED_PER_PAGE`: a search may be in all of them. */
const allExperiments = 50_000
/** Spans have a budget of their own, and one list may be all of it. */
export const allSpans = 200_000

/** MLflow's longest id has 256 characters, its longest name 500, and what stands before and behind it upstream a few more. */
export const word: Limit = { characters: KiB, items: 10_000 }
export const inExperiments: Limit = { characters: KiB, items: allExperiments }
/** As long as an address may be, in which most of them stand. */
export const path: Limit = { characters: 16 * KiB, items: 10_000 }
/** MLflow's limit is 2,048 unless its operators raise it (`MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH`). */
export const location: Limit = { characters: 8 * KiB, items: 100 }
/** MLflow takes keys of 250 characters, of inputs 255; longer values than its own limits it cuts off (`MLFLOW_TRUNCATE_LONG_VALUES`). */
export const tags: Limit = { characters: 4 * MiB, items: 10_000, key: KiB }
/** JSON of which the proxy reads every value. */
export const readJson: Limit = { characters: 4 * MiB, items: 1 }
export const filter: Limit = { characters: 256 * KiB, items: 100 }
export const settings: Limit = { characters: 64 * KiB, items: 1_000 }
