import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Environment } from '../../src/policy/environments/environment.ts'
import { loadConfig } from '../../src/server/config/config.ts'
import { ConfigError, type ConfigProblem } from '../../src/server/config/config-problem.ts'

/** A folder of this test file's own, in which configurations stand. */
export const folder = mkdtempSync(join(tmpdir(), 'config-'))
t.teardown(() => rmSync(folder, { recursive: true }))
/** The checkout. */
export const repository = fileURLToPath(new URL('../../', import.meta.url))

/** Writes a file into the folder, and gives its path. */
export function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

/** Loads a configuration of this content. */
export function load(content: string | Uint8Array, env: NodeJS.ProcessEnv = {}) {
  return loadConfig(write('config.yaml', content), env)
}

/** What is wrong with it. */
export function problemsOf(content: string | Uint8Array, env: NodeJS.ProcessEnv = {}): readonly ConfigProblem[] {
  try {
    load(content, env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

/** Problems as `LINE:COL path: message`, or `VARIABLE path: message`. */
export function linesOf(content: string | Uint8Array, env: NodeJS.ProcessEnv = {}): string[] {
  return problemsOf(content, env).map((problem) => {
    const place = problem.variable ?? `${problem.line}:${problem.column}`
    return `${place}${problem.path === '' ? '' : ` ${problem.path}`}: ${problem.message}`
  })
}

/** Three lines that are right; what a case adds begins in line 4. */
export const base = `upstream: { url: http://127.0.0.1:5001 }
authentication:
  entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [api://proxy] }
`
/** The smallest file that is right. */
export const small = `${base}environments: [acc, preprod]\n`

/** An environment as it is read from an entry that says nothing but `changes`. */
export function environment(name: string, changes: Partial<Environment> = {}): Environment {
  return {
    name,
    production: false,
    groups: [`apps_${name}`],
    administrators: [],
    modelSuffix: `_${name}`,
    experimentRoot: `/experiments/${name}`,
    registrationStage: 'Staging',
    promotesFrom: [],
    gateway: false,
    gatewayHosts: [],
    sourcePrefixes: [],
    sharedServingEndpoints: [],
    servingSecretScopes: [],
    ...changes,
  }
}
