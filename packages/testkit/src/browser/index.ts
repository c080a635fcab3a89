export { collectErrors } from './collect-errors.ts';
export { findBrowser, type BrowserChoice } from './find-browser.ts';
export { launchChromium } from './launch-chromium.ts';
