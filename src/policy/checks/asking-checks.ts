import { reads } from '../evaluation-context.ts'
import { checkStorePaths } from './artifacts/artifact-paths.ts'
import type { AskingCheck } from './check.ts'
import type { AskingCheckName } from './check-name.ts'
import { checkOwnExperiments } from './experiments/own-experiments.ts'
import { checkGatewayThings } from './gateway/gateway-things.ts'
import { checkUsageExperiment } from './gateway/usage-experiment.ts'
import { checkEntities } from './genai/entities.ts'
import { checkMentionedIssues } from './genai/issues.ts'
import { checkBoundScorers } from './genai/scorers.ts'
import { checkTags } from './request/tags.ts'
import { checkDataSources } from './runs/data-sources.ts'
import { checkSearchedExperiments } from './runs/owned-ids.ts'
import { checkLoggedModels, checkRelatedModels, checkRelatedRuns, checkRuns } from './runs/subjects.ts'
import { checkServedVersions } from './serving/served-versions.ts'
import { checkTraces } from './traces/trace-ids.ts'
import { checkTraceTags } from './traces/trace-tags.ts'
import { checkNotFrozen } from './versions/freeze.ts'
import { checkVersionSource } from './versions/sources.ts'
import { checkVersionBytes } from './versions/version-bytes.ts'
import { checkVersions, showsOnlyInAnswer } from './versions/versions.ts'
import { checkWorkspaceIds } from './workspace/workspace-ids.ts'

/** What asks about MLflow, in the order in which it asks. */
export const askingChecks: Readonly<Record<AskingCheckName, AskingCheck>> = {
  ownExperiments: { inquire: checkOwnExperiments },
  searchedExperiments: { inquire: checkSearchedExperiments },
  runs: { inquire: checkRuns },
  loggedModels: { inquire: checkLoggedModels },
  traces: { inquire: checkTraces },
  storePaths: { inquire: checkStorePaths },
  entities: { inquire: checkEntities, when: ({ makes }) => makes === 'dataset' },
  mentionedIssues: { inquire: checkMentionedIssues },
  boundScorers: { inquire: checkBoundScorers },
  workspaceIds: { inquire: checkWorkspaceIds },
  gatewayThings: { inquire: checkGatewayThings },
  relatedRuns: { inquire: checkRelatedRuns },
  relatedModels: { inquire: checkRelatedModels },
  tags: { inquire: checkTags },
  dataSources: { inquire: checkDataSources },
  traceTags: { inquire: checkTraceTags },
  versionSource: { inquire: checkVersionSource },
  servedVersions: { inquire: checkServedVersions },
  versions: { inquire: checkVersions, unless: showsOnlyInAnswer },
  versionBytes: { inquire: checkVersionBytes, when: ({ resource, bytes }) => resource === 'modelVersion' && bytes === 'down' },
  notFrozen: { inquire: checkNotFrozen, when: (endpoint) => !reads(endpoint) },
  usageExperiment: { inquire: checkUsageExperiment, when: ({ tracksUsage }) => tracksUsage !== undefined },
}
