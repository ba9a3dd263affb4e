// OpenTelemetry's collector, which a long test has take the proxy's spans. Plain JavaScript for Node 20, no dependencies.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findGo } from './go.mjs'
import { Missing } from './missing.mjs'
import { isProgram } from './programs.mjs'
import { cacheFolder } from './python-environments.mjs'

const version = 'v0.165.0'
const folder = () => join(cacheFolder(), 'otel-collector', version)
const own = () => join(folder(), 'otelcol')
const advice =
  'An OpenTelemetry collector was not found, and no Go to build it: install Go, or name one with OTEL_COLLECTOR=/path/to/otelcol (with the otlp receiver and the otlphttp exporter).'

/** Its own builder makes a collector of what is listed here. */
const manifest =
  () => `dist: { name: otelcol, module: otelcol, output_path: ${JSON.stringify(folder())}, version: ${version.slice(1)} }
receivers: [{ gomod: go.opentelemetry.io/collector/receiver/otlpreceiver ${version} }]
exporters: [{ gomod: go.opentelemetry.io/collector/exporter/otlphttpexporter ${version} }]
`

export function findOtelCollector() {
  const named = process.env.OTEL_COLLECTOR
  if (named && named !== 'build') return isProgram(named) ? named : null
  return isProgram(own()) ? own() : null
}

export function ensureOtelCollector(say) {
  // It takes some minutes of both cores: only where it is asked for.
  if (process.env.OTEL_COLLECTOR !== 'build' || findOtelCollector() !== null) return
  const go = findGo()
  if (go === null) throw new Missing(advice)
  say('OpenTelemetry collector: building it (some minutes, once)')
  mkdirSync(folder(), { recursive: true })
  const file = join(folder(), 'manifest.yaml')
  writeFileSync(file, manifest())
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' }
  const args = ['run', `go.opentelemetry.io/collector/cmd/builder@${version}`, '--config', file]
  spawnSync(go, args, { env: { ...env, PATH: `${process.env.PATH}:${join(go, '..')}` }, stdio: 'ignore' })
  if (findOtelCollector() === null) throw new Missing(advice)
}
