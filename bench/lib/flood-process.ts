/**
 * Floods: `node flood-process.ts PORT LICENSE RATE` asks for a license's whole catalog so often a second, whatever
 * comes back, from several of this machine's addresses; tells when the first request is refused.
 */
import { Agent, request } from 'node:http';
import { LICENSE_KEY_HEADER, SYNC_PATHS } from '@tillcast/protocol/http/sync-api';

const EVERY_MS = 10;
const ADDRESSES = 8;

const [port, license, rate] = process.argv.slice(2);
if (port === undefined || license === undefined) throw new Error('usage: flood-process.ts PORT LICENSE RATE');
const atOnce = Math.max(1, Math.round((Number(rate) * EVERY_MS) / 1000));
const agents = Array.from(
  { length: ADDRESSES },
  (_, index) => new Agent({ keepAlive: true, localAddress: `127.0.0.${index + 10}` }),
);
let turn = 0;
let isRefused = false;

function ask(): void {
  const agent = agents[turn++ % ADDRESSES];
  const headers = { [LICENSE_KEY_HEADER]: license };
  request({ host: '127.0.0.1', port, path: SYNC_PATHS.fullData, headers, agent }, (answer) => {
    answer.resume();
    if (answer.statusCode !== 429 || isRefused) return;
    isRefused = true;
    process.send?.('refused');
  })
    // It is ended while it floods.
    .once('error', () => undefined)
    .end();
}

setInterval(() => {
  for (let count = 0; count < atOnce; count += 1) ask();
}, EVERY_MS);
process.once('disconnect', () => process.exit(0));
