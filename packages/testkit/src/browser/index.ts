export { collectErrors } from './collect-errors.ts';
export { findBrowser, type BrowserChoice } from './find-browser.ts';
export { launchChromium, provideBrowser } from './launch-chromium.ts';
