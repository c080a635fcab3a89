export { findBrowser, type BrowserChoice } from './find-browser.ts';
export { launchChromium } from './launch-chromium.ts';
