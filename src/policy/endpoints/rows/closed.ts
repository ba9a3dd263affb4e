/** Why a family of routes is closed. The first pattern that a route's path matches counts. */
export interface ClosedFamily {
  readonly paths: RegExp
  readonly closed: string
  /** Answered 404 `ENDPOINT_NOT_FOUND`, which clients take for "not on this server" and go another way. */
  readonly hidden?: true
  /** Not forwarded, but answered by the proxy itself. */
  readonly local?: true
}

/** Every route of a real server that is no row of the table belongs to one of these: a contract test sees to it. */
export const closedFamilies: readonly ClosedFamily[] = [
  { paths: /^\/(mlflow\/experiments\/list|mlflow\/registered-models\/list)$/, closed: 'This server does not have it.', hidden: true },
  { paths: /^\/mlflow\/runs\/search$/, closed: 'Searching runs by GET is gone since MLflow 2.', hidden: true },
  { paths: /^\/mlflow\/(unified-traces|get-online-trace-details)|^\/mlflow\/traces\/\{trace_id\}(\/|$)/, closed: 'This server does not have it.', hidden: true },
  { paths: /search-datasets$/, closed: 'MLflow answers here that there is nothing: it is served below /ajax-api/2.0/mlflow.', hidden: true },
  { paths: /^\/mlflow\/datasets\/search$/, closed: 'Data sets are searched by POST.', hidden: true },
  { paths: /^\/mlflow\/(prompt-optimization\/|(scorer|issues|genai\/evaluate)\/invoke$|issues\/schedule\/)/, closed: 'It would run on the MLflow server, with the secrets of the server.' },
  { paths: /^\/gateway\/proxy\//, closed: "It would ask a provider for anything, with the secret of the server's endpoint. Ask the endpoint itself." },
  { paths: /^\/gateway\/gemini\//, closed: 'Gateway endpoints are asked below /gateway/<name>/mlflow/invocations, or in the form of OpenAI or Anthropic.' },
  { paths: /^\/mlflow\/gateway-proxy$/, closed: 'The proxy answers it itself, as MLflow does that has no deployments server: there are no endpoints.', local: true },
  { paths: /^\/mlflow\/gateway\/budgets/, closed: 'Budgets of the AI gateway are counted in the whole server, and a global one holds for every environment.' },
  { paths: /^\/mlflow\/gateway\/guardrails/, closed: 'A guardrail runs a scorer in the MLflow server, with what the server has.' },
  { paths: /^\/(mlflow\/)?gateway/, closed: "It is of the whole AI gateway. Here, endpoints with the environment's suffix are asked, and its administrators administer them." },
  { paths: /^\/(mlflow\/)?jobs/, closed: 'Jobs belong to the whole server.' },
  { paths: /^\/mlflow\/webhooks(\/|$)/, closed: "A webhook of MLflow's names no model: it would be told of every environment's, and of every workspace's, which MLflow does not keep apart." },
  { paths: /^\/mlflow\/workspaces(\/|$)/, closed: "Which workspace of the server an environment is, the proxy's configuration says." },
  { paths: /^\/mlflow\/assistant(\/|$)/, closed: 'The assistant works on the MLflow server itself, with all that is on it.' },
  { paths: /^\/mlflow\/(mcp-servers|skills)(\/|$)/, closed: 'MCP servers and skills are registered for the whole MLflow server, and belong to no environment.' },
  { paths: /^\/mlflow\/demo(\/|$)/, closed: 'The demo would fill the MLflow server behind all environments.' },
  { paths: /^\/mlflow\/users\/current$/, closed: 'This server does not have it.', hidden: true },
  { paths: /^\/mlflow\/(users|roles|experiments\/permissions|registered-models\/permissions)|^\/(signup|account)/, closed: "Users and permissions are the proxy's own: they come from Entra groups." },
  { paths: /^\/(mlflow\/artifacts\/presigned|mlflow-artifacts\/presigned)/, closed: 'Presigned URLs would go around the proxy. Clients fall back to streaming through it.', hidden: true },
  { paths: /^\/mlflow\/ui-telemetry$/, closed: 'The proxy answers it itself: nothing of what callers do is reported to anybody.', local: true },
  { paths: /^\/graphql$/, closed: 'The proxy answers GraphQL itself (by POST): each of its fields is the endpoint of the same name.', local: true },
  { paths: /^\/build\/|^\/(index\.html|manifest\.json)/, closed: 'No web UI that is supported asks for it.', hidden: true },
  { paths: /^\/(static-files\/|$)/, closed: "The UI of a Databricks workspace is the workspace's own." },
  { paths: /^\/health$/, closed: 'The proxy answers it itself.', local: true },
  { paths: /^\/metrics$/, closed: 'The metrics of the MLflow server are for its operators.' },
]
