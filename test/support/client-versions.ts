import { mlflowVersions } from '../../scripts/python-environments.mjs'

/** Whether everything is to run that is slow and rarely breaks. */
export const isFullRun = process.env.ENV_PROXY_TESTS === 'full'

/** The release before the newest: the everyday run leaves its clients out. */
export const previousMlflow = mlflowVersions[mlflowVersions.length - 2] ?? ''

/** The versions whose clients a run has. */
export const clientVersions = mlflowVersions.filter((version) => isFullRun || version !== previousMlflow)
