import { checkPaths } from './artifacts/artifact-paths.ts'
import type { StaticCheck } from './check.ts'
import type { StaticCheckName } from './check-name.ts'
import { checkExperimentTags } from './experiments/experiment-tags.ts'
import { checkDestinations } from './gateway/destinations.ts'
import { checkNewIssueIds, checkRowCount } from './genai/issues.ts'
import { checkScorerText } from './genai/scorers.ts'
import { checkAdministrator } from './request/administrators.ts'
import { checkDemands, checkFirstDemands } from './request/demands.ts'
import { checkNotServed, checkOneRunId, checkRequiredFields } from './request/fields.ts'
import { checkExperimentIds, checkVersionNumbers } from './request/id-forms.ts'
import { checkLinks } from './request/links.ts'
import { checkGateway, checkNames } from './request/name-fields.ts'
import { checkReader, isBeyondReading } from './request/readers.ts'
import { checkDataNames } from './runs/data-sources.ts'
import { checkMetricSteps } from './runs/metric-history.ts'
import { checkLoggedModelSearch } from './search/logged-model-search.ts'
import { checkOrderBy, findScope } from './search/search-scope.ts'
import { checkServing } from './serving/served-versions.ts'
import { checkTraceFilters } from './traces/trace-filter.ts'
import { checkTraceDeletion, checkTraceIds } from './traces/trace-ids.ts'
import { checkPromptTags, checkTraceNames } from './traces/trace-tags.ts'
import { checkArtifactLocation, checkSourceText } from './versions/sources.ts'
import { checkWorkspacePrompts } from './workspace/workspace-registry.ts'

/** What needs no look-up, in the order in which it is checked: of several things that are wrong, the first is said. */
export const staticChecks: Readonly<Record<StaticCheckName, StaticCheck>> = {
  reader: { judge: checkReader, when: isBeyondReading },
  administrator: { judge: checkAdministrator, when: ({ administrators }) => administrators === true },
  scorerText: { judge: checkScorerText },
  newIssueIds: { judge: checkNewIssueIds },
  rowCount: { judge: checkRowCount, when: ({ search }) => search?.total !== undefined },
  firstDemands: { judge: checkFirstDemands, when: ({ firstDemands }) => firstDemands !== undefined },
  requiredFields: { judge: checkRequiredFields, when: ({ required }) => required.length > 0 },
  oneRunId: { judge: checkOneRunId, when: ({ fields }) => 'run_id' in fields && 'run_uuid' in fields },
  experimentIds: { judge: checkExperimentIds },
  notServed: { judge: checkNotServed },
  versionNumbers: { judge: checkVersionNumbers },
  orderBy: { judge: checkOrderBy },
  demands: { judge: checkDemands, when: ({ demands }) => demands !== undefined },
  metricSteps: { judge: checkMetricSteps, when: ({ fields }) => 'start_step' in fields },
  gateway: { judge: checkGateway, when: ({ resource }) => resource === 'gateway' },
  names: { judge: checkNames },
  experimentTags: { judge: checkExperimentTags },
  links: { judge: checkLinks },
  destinations: { judge: checkDestinations },
  paths: { judge: checkPaths },
  artifactLocation: { judge: checkArtifactLocation },
  sourceText: { judge: checkSourceText },
  loggedModelSearch: {
    judge: checkLoggedModelSearch,
    when: ({ resource, action }) => resource === 'loggedModel' && action === 'search',
  },
  serving: { judge: checkServing },
  newTraceIds: { judge: checkTraceIds },
  traceDeletion: {
    judge: checkTraceDeletion,
    when: ({ resource, fields }) => resource === 'trace' && 'max_timestamp_millis' in fields,
  },
  traceNames: { judge: checkTraceNames },
  promptTags: { judge: checkPromptTags },
  workspacePrompts: {
    judge: checkWorkspacePrompts,
    when: ({ resource, action }) => (resource === 'registeredModel' || resource === 'modelVersion') && action !== 'search',
  },
  dataNames: { judge: checkDataNames },
  traceFilters: { judge: checkTraceFilters },
  scope: { judge: findScope },
}
