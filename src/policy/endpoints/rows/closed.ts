/** Why a family of routes is closed. The first pattern that a route's path matches counts. */
export interface ClosedFamily {
  readonly paths: RegExp
  readonly closed: string
  /** Answered 404 `ENDPOINT_NOT_FOUND`, which clients take for "not on this server", and fall back to another endpoint. */
  readonly hidden?: true
  /** Not forwarded, but answered by the proxy itself. */
  readonly local?: true
}

/** Every route of a real server that is not a row of the table belongs to one of these: a contract test ensures it. */
export const closedFamilies: readonly ClosedFamily[] = [
  { paths: /^\/(mlflow\/experiments\/list|mlflow\/registered-models\/list)$/, closed: 'This server does not have it.', hidden: true },
  { paths: /^\/mlflow\/runs\/search$/, closed: 'MLflow 2 removed the search of runs by GET.', hidden: true },
  { paths: /^\/mlflow\/(unified-traces|get-online-trace-details)|^\/mlflow\/traces\/\{trace_id\}(\/|$)/, closed: 'This server does not have it.', hidden: true },
  { paths: /search-datasets$/, closed: 'MLflow always answers with an empty list here: use /ajax-api/2.0/mlflow.', hidden: true },
  { paths: /^\/mlflow\/datasets\/search$/, closed: 'Search data sets by POST.', hidden: true },
  { paths: /^\/mlflow\/(prompt-optimization\/|(scorer|issues|genai\/evaluate)\/invoke$|issues\/schedule\/)/, closed: 'It would run on the MLflow server, with the secrets of the server.' },
  { paths: /^\/gateway\/proxy\//, closed: "It sends any request to a provider, with the secret of the server's endpoint. Call the endpoint itself." },
  { paths: /^\/gateway\/gemini\//, closed: 'Call gateway endpoints at /gateway/<name>/mlflow/invocations, or at the addresses of the OpenAI or Anthropic API.' },
  { paths: /^\/mlflow\/gateway-proxy$/, closed: 'The proxy answers it itself, like an MLflow without a deployments server: there are no endpoints.', local: true },
  { paths: /^\/mlflow\/gateway\/budgets/, closed: 'MLflow counts AI gateway budgets for the whole server, and a global budget applies to every environment.' },
  { paths: /^\/mlflow\/gateway\/guardrails/, closed: 'A guardrail runs a scorer inside the MLflow server, with the rights of the server.' },
  { paths: /^\/(mlflow\/)?gateway/, closed: "It concerns the whole AI gateway. Callers may use endpoints with their environment's suffix, and its administrators manage them." },
  { paths: /^\/(mlflow\/)?jobs/, closed: 'Jobs belong to the whole server.' },
  { paths: /^\/mlflow\/webhooks(\/|$)/, closed: "A webhook of MLflow names no model: it would receive events of every environment, and of every workspace, because MLflow does not separate them." },
  { paths: /^\/mlflow\/workspaces(\/|$)/, closed: "The proxy's configuration assigns workspaces of the server to environments." },
  { paths: /^\/mlflow\/assistant(\/|$)/, closed: 'The assistant works on the MLflow server itself, with access to everything on it.' },
  { paths: /^\/mlflow\/(mcp-servers|skills)(\/|$)/, closed: 'MCP servers and skills are registered for the whole MLflow server and belong to no environment.' },
  { paths: /^\/mlflow\/demo(\/|$)/, closed: 'The demo would add data to the MLflow server that all environments share.' },
  { paths: /^\/mlflow\/users\/current$/, closed: 'This server does not have it.', hidden: true },
  { paths: /^\/mlflow\/(users|roles|experiments\/permissions|registered-models\/permissions)|^\/(signup|account)/, closed: "The proxy manages users and permissions: they come from Entra groups." },
  { paths: /^\/(mlflow\/artifacts\/presigned|mlflow-artifacts\/presigned)/, closed: 'Presigned URLs would bypass the proxy. Clients fall back to streaming through it.', hidden: true },
  { paths: /^\/mlflow\/ui-telemetry$/, closed: 'The proxy answers it itself and reports nothing that callers do to anyone.', local: true },
  { paths: /^\/graphql$/, closed: 'The proxy answers GraphQL itself (by POST): each field is the endpoint of the same name.', local: true },
  { paths: /^\/build\/|^\/(index\.html|manifest\.json)/, closed: 'No supported web UI uses it.', hidden: true },
  { paths: /^\/(static-files\/|$)/, closed: "A Databricks workspace has its own UI." },
  { paths: /^\/health$/, closed: 'The proxy answers it itself.', local: true },
  { paths: /^\/metrics$/, closed: 'The metrics of the MLflow server are for its operators.' },
]
