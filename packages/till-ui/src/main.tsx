import '@fontsource-variable/inter/wght.css';
import './styles/base.css';
import { render } from 'preact';
import { App } from './page/app.tsx';
import { PageContext } from './page/context.ts';
import { startTill } from './page/till.ts';
import { viewOf } from './page/view.ts';
import { tillApi } from './server/api.ts';
import { browserClock } from './server/clock.ts';
import { openEvents } from './server/events.ts';

const root = document.getElementById('page');
if (root === null) throw new Error('index.html has no element with the id "page".');

const till = startTill({
  api: tillApi,
  openEvents,
  clock: browserClock,
  report: (what, cause) => console.warn(what, cause),
});
const view = viewOf(till.catalog.catalog);

// A page in the background is slowed down: what it shows is made sure of before it is looked at.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') till.wake();
});

render(
  <PageContext.Provider value={{ till, view }}>
    <App />
  </PageContext.Provider>,
  root,
);
