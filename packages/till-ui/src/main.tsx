import '@fontsource-variable/inter/wght.css';
import './styles/base.css';
import { render } from 'preact';
import { startCounter } from './counter/counter.ts';
import { counterHttp } from './counter/counter-http.ts';
import { languageFor, speak } from './i18n/strings.ts';
import { App } from './page/app.tsx';
import { PageContext } from './page/context.ts';
import { startTill } from './page/till.ts';
import { viewOf } from './page/view.ts';
import { tillApi } from './server/api.ts';
import { browserClock } from './server/clock.ts';
import { openEvents } from './server/events.ts';

const root = document.getElementById('page');
if (root === null) throw new Error('index.html has no element with the id "page".');

const report = (what: string, cause: unknown): void => console.warn(what, cause);
/** What the address asks for, as a kiosk may, comes before what the browser is set to. */
const asked = new URLSearchParams(location.search).get('lang');
const wished = asked === null ? navigator.languages : [asked, ...navigator.languages];

const till = startTill({ api: tillApi, openEvents, clock: browserClock, report });
const counter = startCounter({
  api: counterHttp(),
  clock: browserClock,
  catalog: till.catalog.catalog,
  report,
});
const view = viewOf(till.catalog.catalog, counter);
till.onCounter((changed) => counter.changed(changed));

// What was chosen at this till comes before both; the till keeps it, not the browser.
counter.screen.subscribe((screen) => {
  const kept = screen?.language ?? null;
  if (kept !== null) void speak(languageFor([kept]), wished);
});

// A page in the background is slowed down: what it shows is made sure of before it is looked at.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') till.wake();
});

await speak(languageFor(wished), wished);
render(
  <PageContext.Provider value={{ till, counter, view }}>
    <App />
  </PageContext.Provider>,
  root,
);
