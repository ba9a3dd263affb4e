import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findInJdk, hasJars, jarsFolder } from '../../scripts/setup/java.mjs'
import { pythonOf } from '../../scripts/setup/python-environments.mjs'
import { type ClientRun, runClientProgram } from './client-program.ts'
import type { OtherClient } from './other-client.ts'

const sources = fileURLToPath(new URL('./java/', import.meta.url))
// Compiles and runs, in one program that ends as a whole.
const compileAndRun =
  '"$JAVAC" -J-XX:TieredStopAtLevel=1 -d "$HOME/classes" -cp "$JARS" "$@" && exec "$JAVA" -XX:TieredStopAtLevel=1 -cp "$HOME/classes:$JARS" Main'

export interface JavaClientOptions {
  readonly uri: string
  /** Where MLflow itself is. */
  readonly upstream: string
  readonly tokens: Readonly<Record<string, string>>
  readonly own?: OtherClient['own']
}

/** Runs the program of test/clients/java with MLflow's Java client, and gives back the assertions that it wrote. */
export function runJavaClient({ uri, upstream, tokens, own }: JavaClientOptions): Promise<ClientRun> {
  const [java, javac] = [findInJdk('java'), findInJdk('javac')]
  if (java === null || javac === null || !hasJars())
    throw new Error("A JDK or MLflow's Java client was not found: npm test installs them, or says what to do")
  const files = readdirSync(sources).filter((name) => name.endsWith('.java'))
  return runClientProgram({
    name: 'java',
    command: 'sh',
    args: () => ['-c', compileAndRun, 'sh', ...files.map((name) => join(sources, name))],
    env: () => ({
      PATH: process.env.PATH,
      JAVA: java,
      JAVAC: javac,
      JARS: join(jarsFolder(), '*'),
      // For artifacts the client starts MLflow's command line.
      MLFLOW_PYTHON_EXECUTABLE: pythonOf('skinny'),
      MLFLOW_TRACKING_URI: own?.acc ?? uri,
      ...(own && { PROD_TRACKING_URI: own.prod }),
      UPSTREAM_URI: upstream,
      ...Object.fromEntries(Object.entries(tokens).map(([who, token]) => [`TOKEN_${who.toUpperCase()}`, token])),
    }),
    timeoutSeconds: 120,
  })
}
