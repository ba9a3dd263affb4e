import type { Viewer } from './browser.ts'

/** The list of an experiment's traces, and one of them: its spans, and feedback that is given by hand. */
export async function goThroughTraces(viewer: Viewer, experimentPage: string, trace: string): Promise<void> {
  const { page } = viewer
  await viewer.open(`${experimentPage}/traces`, 'of acc')
  await viewer.picture('traces')
  await viewer.open(`${experimentPage}/traces/${trace}`, 'acc-inner')
  await page.getByText('acc-inner').first().click()
  await viewer.picture('trace')
  await page
    .getByText(/^Assess/)
    .first()
    .click()
  await page.getByRole('button', { name: 'Add feedback' }).click()
  await page.getByText('Human feedback').click()
  await page.getByPlaceholder('Enter a feedback name').fill('helpful')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByText('helpful', { exact: true }).first().waitFor()
  await viewer.picture('feedback')
}

/** A prompt of two versions gets a third one, which is compared with the second. */
export async function goThroughPrompts(viewer: Viewer): Promise<void> {
  const { page } = viewer
  const dialog = page.getByRole('dialog')
  await viewer.open('/#/prompts', 'greeting')
  await viewer.picture('prompts')
  await viewer.open('/#/prompts/greeting', 'Version 2')
  await page.getByRole('button', { name: 'Create prompt version' }).click()
  await dialog.locator('textarea').first().fill('Good morning {{name}}')
  await dialog.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByText('Version 3').first().waitFor()
  await page.getByText('Compare', { exact: true }).first().click()
  await page.getByText('Comparing version 3 with version 2').waitFor()
  await viewer.picture('prompt')
}

/** Pages of what belongs to the whole server say so. */
export async function goThroughClosedPages(viewer: Viewer): Promise<void> {
  await viewer.open('/#/settings/webhooks', 'A webhook of MLflow names no model')
  await viewer.picture('webhooks')
  await viewer.open('/#/mcp-registry', 'registered for the whole MLflow server')
  await viewer.open('/#/admin', 'they come from Entra groups')
}
