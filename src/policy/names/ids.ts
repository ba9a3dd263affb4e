import { foldWidth, longestWord } from './fold.ts'
import { readings } from './look-alikes.ts'

const mostInt64 = 2n ** 63n - 1n
const mostInt32 = 2 ** 31 - 1
// What Python's int(), SQLite's affinity and MySQL's coercion could pass over in front of a number's first digit.
const numberLike = /^[\s\p{Z}\p{C}\p{M}_+\-.,'"]*\p{N}/u
const ignorable = /[\s\p{Z}\p{C}]/gu
const hexId = /^(?:m-|tr-)?[0-9a-f]{32}$/
const hexDigits = /[0-9a-f]{32}/

/** Stands for the id of an experiment that is not there yet: the last number that a database could give one. Callers cannot say it. */
export const notThereYet = String(mostInt64)

/** Whether the text is an experiment id as MLflow prints it: an integer, or 32 hexadecimal digits as for Databricks' Git folders. */
export function isExperimentId(text: string): boolean {
  return isHexExperimentId(text) || (/^(?:0|[1-9][0-9]{0,18})$/.test(text) && BigInt(text) <= mostInt64)
}

/** Whether the text is the id of an experiment of a Git folder, which only a Databricks workspace has. */
export function isHexExperimentId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text)
}

/** Whether the text is a run id as MLflow makes it. */
export function isRunId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text)
}

/** Whether the text is a model version's number as MLflow prints it: the column is an int32. */
export function isVersion(text: string): boolean {
  return /^[1-9][0-9]{0,9}$/.test(text) && Number(text) <= mostInt32
}

/** Whether the text is a logged model's id as MLflow makes it. */
export function isLoggedModelId(text: string): boolean {
  return /^m-[0-9a-f]{32}$/.test(text)
}

/** Whether the text is a trace id as MLflow makes it. */
export function isTraceId(text: string): boolean {
  return /^tr-[0-9a-f]{32}$/.test(text)
}

/** Whether the text can be a trace's id: MLflow takes what its client says, and what is said here stands in a path as it is. */
export function isTraceName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/.test(text)
}

/** Whether MLflow or its database could read the text as an experiment id, though it is not canonical (` 1`, `01`, `+1`, `1.0`, `１`). */
export function resemblesExperimentId(text: string): boolean {
  return !isExperimentId(text) && (text.length > longestWord || numberLike.test(foldWidth(text)))
}

/** Whether MLflow or its database could read the text as a version, though it is not canonical. */
export function resemblesVersion(text: string): boolean {
  return !isVersion(text) && (text.length > longestWord || numberLike.test(foldWidth(text)))
}

/** Whether the text is no run's, logged model's or trace's id, and holds what a database or a person could take for one, or is too long to say. */
export function resemblesHexId(text: string): boolean {
  if (text.length > longestWord) return true
  return !hexId.test(text) && readings(text.replace(ignorable, '')).some((reading) => hexDigits.test(reading))
}
