import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { startProxyProcess } from '../../../test/harness/proxy-process.ts'
import { type Kind, untilAnswered } from '../contender.ts'

/** The proxy itself as it is shipped, with everything on; its log goes to a file. */
export function product(environments = 3, name = 'product'): Kind {
  return {
    name,
    async start({ upstream, issuer, folder, probe }) {
      const others = Array.from({ length: environments - 2 }, (_, index) => `env${index}`)
      const output = openSync(join(folder, `${name}.log`), 'a')
      const began = performance.now()
      const settings = { environments: ['acc', 'preprod', ...others] }
      const running = await startProxyProcess({ upstream, issuer, output, settings, wait: false })
      closeSync(output)
      let isRunning = true
      running.ended.then(() => {
        isRunning = false
      })
      await untilAnswered(running.url, probe, () => isRunning).catch((error) => {
        throw new Error(`${name}: ${error.message}\n${running.err()}`)
      })
      const startMs = performance.now() - began
      return { name, url: running.url, pid: running.pid, startMs, logs: running.err, close: running.close }
    },
  }
}
