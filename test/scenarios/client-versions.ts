import { mlflowVersions, newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { isFullRun } from '../harness/full-run.ts'

/** The release before the newest. */
export const previousMlflow = mlflowVersions[mlflowVersions.length - 2] ?? ''

/** The versions whose clients a run has: everyday the oldest and the newest. */
export const clientVersions = mlflowVersions.filter((version, i) => isFullRun || i === 0 || version === newestMlflow)
