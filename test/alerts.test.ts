import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { everyMetric } from '../scripts/generate/generate-metrics.ts'
import { findPromtool } from '../scripts/setup/promtool.mjs'
import { cluster, readText, render } from './fixtures/helm-chart.ts'
import { at, pick, record, set } from './fixtures/manifests.ts'

interface Alert {
  readonly alert: string
  readonly expr: string
}

const alerts: readonly Alert[] = parse(readText('helm/mlflow-env-proxy/files/alerts.yaml'))
const dashboard: {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[]
} = JSON.parse(readText('helm/mlflow-env-proxy/files/dashboard.json'))
const extraRules = [{ alert: 'OfOurOwn', expr: 'vector(0) > 1' }]
const enabled = set(cluster, 'metrics', { prometheusRule: { enabled: true, extraRules }, dashboard: { enabled: true } })
const manifests = await render(enabled)
const rules = record(at(pick(manifests, 'PrometheusRule', 'gate-mlflow-env-proxy'), 'spec'))

/** Every expression of the alerts and the dashboard, with its title. */
const expressions = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
]

/** The names of the series, with their labels. */
const known = new Map(
  everyMetric().map(({ name, type, labels }) => (type === 'histogram' ? [`${name}_bucket`, [...labels, 'le']] : [name, labels])),
)

t.test('alerts and dashboard ask for series that there are, by labels that they have', async (t) => {
  let seen = 0
  for (const [title, expression] of expressions) {
    for (const [, name = '', matchers = ''] of expression.matchAll(/(mlflow_env_proxy_\w+)\{([^}]*)\}/g)) {
      seen += 1
      const labels = [...matchers.matchAll(/(\w+)\s*(?:=|!=)/g)].map(([, label = '']) => label)
      const unknown = labels.filter((label) => label !== 'namespace' && !known.get(name)?.includes(label))
      t.strictSame(known.has(name) ? unknown : [name], [], `${title}: ${name}`)
    }
  }
  t.ok(seen > 20, 'the expressions are read')
})

t.test('the dashboard is the file, for Grafana’s sidecar to find', async (t) => {
  const map = pick(manifests, 'ConfigMap', 'gate-mlflow-env-proxy-dashboard')
  t.match(at(map, 'metadata.labels'), { grafana_dashboard: '1' })
  t.strictSame(JSON.parse(String(record(at(map, 'data'))['mlflow-env-proxy.json'])), dashboard)
})

/** A series with the labels that Prometheus adds, and its values minute by minute. */
const series = (name: string, labels: string, values: string) => ({
  series: `mlflow_env_proxy_${name}{namespace="proxy", pod="a"${labels === '' ? '' : `, ${labels}`}}`,
  values,
})

const process = series('process_memory_bytes', 'kind="rss"', '1x90')
const requests = (reason: string, values: string) => series('requests_total', `reason="${reason}"`, values)

/** What happens, and which alerts it fires after 80 minutes. */
const cases: readonly [what: string, input: readonly object[], fires: readonly string[]][] = [
  ['all is well', [process, requests('', '0+60x90'), series('signing_keys', 'issuer="entra"', '2x90')], []],
  ['nothing reports', [], ['Absent']],
  ['no keys', [process, series('signing_keys', 'issuer="entra"', '0x90')], ['CannotVerifyTokens']],
  [
    'keys are not read',
    [
      process,
      series('signing_key_readings_total', 'issuer="entra", result="failed"', '0+1x90'),
      series('signing_key_readings_total', 'issuer="entra", result="good"', '5x90'),
      series('signing_key_readings_total', 'issuer="other", result="failed"', '0+1x90'),
      series('signing_key_readings_total', 'issuer="other", result="good"', '0+1x90'),
    ],
    ['SigningKeysNotRead'],
  ],
  ['MLflow is down', [process, requests('', '0+60x90'), requests('upstream-unavailable', '0+10x90')], ['UpstreamUnavailable']],
  ['outcomes are unknown', [process, requests('', '0+60x90'), requests('outcome-unknown', '0x70 0+1x20')], ['OutcomeUnknown']],
  ['the upstream throttles', [process, requests('', '0+60x90'), requests('upstream-busy', '0+20x90')], ['Throttled']],
  ['requests are shed', [process, series('shed_total', 'kind="messages", cause="full"', '0+1x90')], ['Overloaded']],
  [
    'memory is used up',
    [process, series('memory_bytes', 'of="used"', '95x90'), series('memory_bytes', 'of="limit"', '100x90')],
    ['Memory'],
  ],
  ['unforeseen errors', [process, series('unforeseen_errors_total', '', '0x70 0+1x20')], ['UnforeseenErrors']],
  ['log lines are lost', [process, series('log_lines_lost_total', '', '0x70 0+1x20')], ['LogLinesLost']],
]

/** Alerts that are compared by name alone: what they say has tests of nobody. */
function expectation(fires: readonly string[]) {
  return alerts.map(({ alert }) => ({
    expr: `count(ALERTS{alertname="${alert}", alertstate="firing"})`,
    eval_time: '80m',
    exp_samples: fires.includes(alert.replace('MlflowEnvProxy', '')) ? [{ value: 1 }] : [],
  }))
}

t.test('promtool accepts the alerts, and each fires when it should and only then', async (t) => {
  const promtool = findPromtool()
  if (promtool === null) throw new Error('promtool was not found')
  const folder = t.testdir({})
  writeFileSync(`${folder}/rules.yaml`, stringify(rules))
  const tests = cases.map(([name, input_series, fires]) => ({
    name,
    interval: '1m',
    input_series,
    promql_expr_test: expectation(fires),
  }))
  writeFileSync(`${folder}/tests.yaml`, stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests }))
  for (const args of [
    ['check', 'rules', 'rules.yaml'],
    ['test', 'rules', 'tests.yaml'],
  ]) {
    const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: folder, encoding: 'utf8' })
    t.equal(status, 0, `${stdout}${stderr}`)
    if (args[0] === 'check') t.match(stdout, `${alerts.length + extraRules.length} rules found`)
  }
  const fired = new Set(cases.flatMap(([, , fires]) => fires.map((name) => `MlflowEnvProxy${name}`)))
  t.strictSame([...fired].sort(), alerts.map(({ alert }) => alert).sort(), 'every alert has a case')
})
