import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { OpenEndpoint, Resource } from '../../src/policy/endpoints/endpoint.ts'
import type { UpstreamKind } from '../../src/policy/environments/environment.ts'
import { describedVersions } from '../../src/policy/generated/messages.ts'
import { meaningTable } from '../../src/policy/meanings/meaning-table.ts'
import { type Coverage, coverageOf } from '../../src/rewrite/answer/coverage.ts'
import {
  cell,
  closedSections,
  dividedSection,
  prefixesText,
  type ShownTable,
  shownTable,
  versionsText,
} from './endpoint-tables.ts'

/** The pages, by the kind of upstream whose routes they list. */
export const endpointPages: Readonly<Record<UpstreamKind, string>> = {
  mlflow: 'docs/endpoints.md',
  databricks: 'docs/endpoints-databricks.md',
}

const resources: Readonly<Record<Resource, string>> = {
  experiment: 'Experiments',
  run: 'Runs',
  loggedModel: 'Logged models',
  registeredModel: 'Registered models',
  modelVersion: 'Model versions',
  dataset: 'Data sets',
  scorer: 'Scorers',
  issue: 'Issues',
  labelSchema: 'Label schemas',
  reviewQueue: 'Review queues',
  trace: 'Traces',
  webhook: 'Webhooks of the registry',
  permissions: 'Permissions',
  servingEndpoint: 'Model serving',
  gateway: 'AI gateway',
  gatewayEndpoint: 'Endpoints of the AI gateway',
  modelDefinition: 'Model definitions of the AI gateway',
  gatewaySecret: 'Secrets of the AI gateway',
  artifact: 'Artifacts',
  server: 'Server',
  ui: 'Web UI',
}

/** How an allowed request is handled. */
const coverageTexts: Readonly<Record<Coverage, string>> = {
  passed: 'the request is sent on as it was checked, and the answer is returned unchanged',
  rewritten: 'names, ids or locations are mapped, in the request, in the answer or in both',
  filtered: "like rewritten, and rows that are not the caller's are left out; pages of searches are refilled",
  'carried out': 'the proxy does it itself, with credentials of the workspace and signed URLs that no client sees',
}

function referencesText({ fields }: OpenEndpoint): string {
  const references = Object.entries(fields).filter(([, meaning]) => meaning !== 'free')
  return references
    .map(([selector, meaning]) => (selector === meaning ? `\`${selector}\`` : `\`${selector}\` (${meaning})`))
    .join(', ')
}

type ShownEndpoint = ShownTable['open'][number]

function notesText({ endpoint, only }: ShownEndpoint, kind: UpstreamKind): string {
  const { bytes, repeatable, anyExperiment, modes, administrators } = endpoint
  const inMode = modes?.includes('databricks') ? 'only in Databricks mode' : 'not in Databricks mode'
  const notes = [
    ...(only === null ? [] : [only]),
    ...(modes === undefined || kind === 'mlflow' ? [] : [inMode]),
    ...(administrators ? ['for administrators'] : []),
    ...(bytes === undefined ? [] : [bytes === 'both' ? 'streams bytes both ways' : `streams bytes ${bytes}`]),
    ...(anyExperiment ? ['rows are looked up'] : []),
    ...(repeatable ? ['may be repeated'] : []),
  ]
  return notes.join('; ')
}

function openTable(endpoints: readonly ShownEndpoint[], kind: UpstreamKind): string {
  const rows = endpoints.map((shown) => {
    const { endpoint } = shown
    const { name, method, path, prefixes, action, versions } = endpoint
    const cells = [
      `\`${name}\``,
      `\`${method} ${path}\``,
      prefixesText(prefixes),
      action,
      coverageOf(endpoint, kind),
      referencesText(endpoint),
      notesText(shown, kind),
      versionsText(versions),
    ]
    return `| ${cells.map(cell).join(' | ')} |`
  })
  return [
    '| endpoint | method and path | below | action | served | references (meaning) | | MLflow |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

const otherAddresses = `Each path is served below
the prefixes named with it (\\*: also with \`ajax-api\` for \`api\`, and each followed by \`/preview\`), and below \`/env/<name>\` with
these prefixes, for callers in several environments.`

function countsText(counts: ShownTable['counts']): string {
  const [first, catalog] = counts
  const other = catalog === undefined ? '' : ` (with Unity Catalog: ${catalog.open} and ${catalog.closed})`
  return `${first?.open} endpoints are open, which means forwarded after a decision, and
${first?.closed} routes are closed${other}. All other requests get 404 \`ENDPOINT_NOT_FOUND\`.`
}

function introduction(kind: UpstreamKind, { counts }: ShownTable): string {
  const decided = 'How a request is decided: [how-it-decides.md](how-it-decides.md).'
  if (kind === 'mlflow') {
    return `# Endpoints

Every route of the MLflow servers ${describedVersions.join(', ')}: ${countsText(counts)} ${otherAddresses}
\`mlflow-env-proxy routes\` prints the same. ${decided} With a Databricks workspace behind the proxy:
[endpoints-databricks.md](endpoints-databricks.md).`
  }
  return `# Endpoints of a Databricks workspace

Every route of a workspace that databricks-sdk and MLflow's own clients use, and those of MLflow servers, which clients also call:
${countsText(counts)} ${otherAddresses}
\`mlflow-env-proxy routes --upstream-kind databricks\` and \`--upstream-kind unityCatalog\` print the same. ${decided} Some endpoints are open
only with the workspace's own registry, or only with Unity Catalog (\`upstream.registry\`). The last column
lists the MLflow versions that have a route (–: none; it is Databricks' own). The meanings of fields: [endpoints.md](endpoints.md#meanings).
Databricks mode: [how-it-decides.md](how-it-decides.md#clients-in-databricks-mode).`
}

function meaningsSection(): string {
  const named = Object.entries(meaningTable).filter(([meaning]) => meaning !== 'free')
  const meanings = named.map(([meaning, { words }]) => `| \`${meaning}\` | ${cell(words)} |`)
  return `## Meanings

What a field of a request can hold, and how it is checked. Fields without references are not listed.

| meaning | what it holds |
|---|---|
${meanings.join('\n')}

`
}

/** What the page of one kind of upstream must contain. */
export function renderEndpoints(kind: UpstreamKind): string {
  const shown = shownTable(kind)
  const sections = Object.entries(resources).flatMap(([resource, title]) => {
    const endpoints = shown.open.filter(({ endpoint }) => endpoint.resource === resource)
    return endpoints.length === 0 ? [] : [`### ${title}\n\n${openTable(endpoints, kind)}`]
  })
  const used = new Set(shown.open.map(({ endpoint }) => coverageOf(endpoint, kind)))
  const coverage = Object.entries(coverageTexts).filter(([name]) => [...used].some((each) => each === name))
  return `${introduction(kind, shown)}

<!-- Generated by scripts/generate/generate-endpoint-docs.ts from src/policy/endpoints/: change those, not this file. -->

${kind === 'mlflow' ? meaningsSection() : ''}## Open

How an allowed request is handled:

${coverage.map(([name, text]) => `- ${name}: ${text}`).join('\n')}

${sections.join('\n\n')}

${dividedSection(shown)}## Closed

${closedSections(shown.closed)}
`
}

function main(args: readonly string[]): void {
  for (const kind of ['mlflow', 'databricks'] as const) {
    const target = new URL(`../../${endpointPages[kind]}`, import.meta.url)
    const text = renderEndpoints(kind)
    if (!args.includes('--check')) writeFileSync(target, text)
    else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
      console.error(`${endpointPages[kind]} is not what the table says: run npm run generate -- endpoint-docs`)
      process.exitCode = 1
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2))
