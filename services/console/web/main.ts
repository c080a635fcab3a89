/** Starts the console in the browser. */
import { render } from 'preact';
import { h } from './components/html.ts';
import { App } from './shell/app.ts';
import { startClock } from './state/clock.ts';
import { followLinks } from './state/location.ts';
import { readSession } from './state/session.ts';

const place = document.getElementById('app');
if (place === null) throw new Error('the page has no place for the console');

startClock();
followLinks();
void readSession();
render(h(App, {}), place);
