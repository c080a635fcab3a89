import type { Page } from 'playwright-core';

/**
 * Errors in the page's console, breaches of its content security policy among them, and exceptions that no script
 * caught. Grows as they happen. What an answer other than 200 means is the page's own affair.
 */
export function collectErrors(page: Page): readonly string[] {
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('the server responded with a status of'))
      errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  return errors;
}
