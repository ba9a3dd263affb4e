import type { Browser } from 'playwright-core'
import type { Test } from 'tap'
import { look, type Viewer } from './browser.ts'

/** Where somebody looks, and what must not come to their browser. */
export interface Tour {
  readonly browser: Browser
  readonly url: string
  readonly token: string
  /** Names and ids of other environments. */
  readonly foreign?: readonly string[]
  /** Addresses that this tour expects to be refused. */
  readonly refused?: RegExp
}

/** What the UI asks for by itself and is not served; its pages go on without it. */
const knownlyClosed = /\/mlflow\/(users\/(current|list)|assistant\/(config|providers))/

/** Nothing that came to the browser names anything as MLflow does, or anything of another environment; all of it came from the proxy. */
function checkQuiet(t: Test, viewer: Viewer, { foreign = [], refused }: Tour) {
  const names = ['_acc', '_prod', '/experiments/acc', '/experiments/prod', ...foreign]
  const told = viewer.heard.filter(({ text }) => names.some((name) => text.includes(name)))
  t.same(told, [], 'no upstream name, and nothing of another environment, came to the browser')
  t.ok(viewer.heard.length > 10, 'the browser received many answers')
  t.same(viewer.strayed, [], 'nothing left for another host')
  const failed = viewer.heard.filter(({ url, status }) => status >= 400 && !knownlyClosed.test(url) && !refused?.test(url))
  t.same(failed, [], 'everything that the pages asked for was answered')
  if (refused === undefined) t.same(viewer.complaints, [], 'no page complained')
}

/** Lets somebody go through pages, and checks afterwards what came to their browser. */
export async function withViewer(t: Test, tour: Tour, walk: (viewer: Viewer) => Promise<void>): Promise<void> {
  const viewer = await look(tour.browser, tour.url, tour.token)
  t.teardown(() => viewer.close())
  await walk(viewer).catch(async (error) => {
    await viewer.picture(`failed-${t.name.replace(/\W+/g, '-').slice(0, 40)}`)
    t.comment(viewer.heard.filter(({ status }) => status >= 400))
    throw error
  })
  checkQuiet(t, viewer, tour)
}

/** On the page of a version: stages instead of aliases. The first visit is greeted by an advertisement, and older versions begin with stages. */
export async function useStages({ page }: Viewer): Promise<void> {
  const greeting = page.getByRole('dialog').getByRole('button', { name: 'Close' })
  await greeting.click({ timeout: 1_500 }).catch(() => undefined)
  const newRegistry = page.getByRole('switch').last()
  if ((await newRegistry.getAttribute('aria-checked')) !== 'true') return
  await newRegistry.click()
  await page.getByRole('button', { name: 'Disable' }).click()
}

/** In the UI's registry of stages: opens the menu of the stage and moves the version. */
export async function transition({ page }: Viewer, from: string, to: string): Promise<void> {
  await page.getByText(from, { exact: true }).first().click()
  await page.locator('[role=menuitem]', { hasText: to }).first().click()
  await page
    .getByRole('button', { name: /OK|Confirm/ })
    .first()
    .click()
}
