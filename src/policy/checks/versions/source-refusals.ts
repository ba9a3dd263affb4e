import { Refusal } from '../../reasons.ts'

/** The refusal of a source that is not the caller's. */
export function foreignSource(): Refusal {
  return new Refusal(
    'foreign-source',
    "The source of a model version must be in your own environment: a run, a logged model or a model version, or a storage URI under the environment's sourcePrefixes.",
  )
}

/** The refusal of a local path in MLflow's words: its server accepts only a run's own. */
export function localSource(uri: string): Refusal {
  return new Refusal(
    'local-source',
    `Invalid model version source: '${uri}'. To use a local path as a model version source, the run_id request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the run_id.`,
  )
}

/** The refusal of a file on another machine, in MLflow's words; its status, 500, would make clients send it seven times. */
export function remoteFile(uri: string): Refusal {
  return new Refusal(
    'local-source',
    `${uri} is not a valid remote uri. For remote access on windows, please consider using a different scheme such as SMB (e.g. smb://<hostname>/<path>).`,
  )
}
