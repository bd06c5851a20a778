import { findChromium } from '@pooler-safe/tests/support'
import { chromium, type Browser, type Page } from 'playwright-core'

/** The Chromium of this machine. Without its sandbox, which it does not have when root runs it. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('There is no Chromium on this machine.')
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** Signs in as a person does. */
export async function signIn(page: Page, url: string, token: string): Promise<void> {
  await page.goto(`${url}/sign-in`)
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(`${url}/`)
}
