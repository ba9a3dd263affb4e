import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { ensureJavaClient, findInJdk, jarsFolder } from '../../scripts/setup/java.mjs'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { startIssuer } from '../fakes/issuer.ts'
import { machineSecret, serveTokens } from '../fakes/token-endpoints.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { startProxy } from '../harness/proxy.ts'

t.setTimeout(5 * 60_000)
const run = promisify(execFile)
const guide = readFileSync(fileURLToPath(new URL('../../docs/clients.md', import.meta.url)), 'utf8')
const section = guide.slice(guide.indexOf('\n## Java\n'), guide.indexOf('\n## R\n'))
const snippets = [...section.matchAll(/```java\n([\s\S]*?)```/g)].map(([, code]) => code ?? '')

/** The guide's lines as they stand, in a class around which a program works for some seconds. */
const program = (url: string) => `
import com.azure.core.credential.*;
import com.azure.identity.*;
import org.mlflow.tracking.*;
import org.mlflow.tracking.creds.*;

class Guide {
${snippets.toReversed().join('\n').replace('https://proxy.example.com', url)}
}

public class Main {
  public static void main(String[] arguments) throws Exception {
    MlflowClient client = new Guide().client;
    String run = client.createRun(client.createExperiment("azure-identity")).getRunId();
    int steps = 0;
    for (long end = System.currentTimeMillis() + 8_000; System.currentTimeMillis() < end; steps++) {
      client.logMetric(run, "loss", 1.0 / (steps + 1), System.currentTimeMillis(), steps);
      Thread.sleep(200);
    }
    System.out.println(client.getMetricHistory(run, "loss").size() == steps ? "all of " + steps + " arrived" : "some are missing");
    System.exit(0);
  }
}
`

t.test('the guide’s lines with azure-identity, in a program that outlasts its tokens', async (t) => {
  t.equal(snippets.length, 2)
  await ensureJavaClient(t.comment, 'azure-identity')
  const [issuer, mlflow] = await Promise.all([startIssuer(), startMlflow({ version: newestMlflow })])
  const endpoints = serveTokens(issuer, [{ clientId: 'machine', roles: ['apps_acc'] }])
  endpoints.lifetime = 3
  const proxy = await startProxy({ upstream: mlflow.url, issuer })
  t.teardown(async () => {
    await Promise.all([proxy.close(), mlflow.close(), issuer.close()])
  })
  const folder = t.testdir({})
  const classes = join(folder, 'classes')
  mkdirSync(classes)
  writeFileSync(join(folder, 'Main.java'), program(proxy.url))
  const jars = join(jarsFolder('azure-identity'), '*')
  await run(findInJdk('javac') ?? '', ['-d', classes, '-cp', jars, join(folder, 'Main.java')])
  // As on App Service, which azure-identity knows by these.
  const identity = { IDENTITY_ENDPOINT: `${issuer.authority}/msi/token`, IDENTITY_HEADER: machineSecret }
  const env = { PATH: process.env.PATH, HOME: folder, ...identity }
  const { stdout } = await run(findInJdk('java') ?? '', ['-cp', `${classes}:${jars}`, 'Main'], { env })
  t.match(stdout, /all of \d+ arrived/)
  t.ok(endpoints.asked.length > 2, `${endpoints.asked.length} tokens`)
  t.equal(endpoints.asked[0]?.resource, 'api://mlflow-env-proxy')
})
