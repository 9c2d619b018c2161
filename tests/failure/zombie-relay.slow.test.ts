import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Listener, listenAs } from '../support/listener.ts';
import { eventually } from './support/bounds.ts';
import { startLoad } from './support/load.ts';
import { setStage } from './support/stage.ts';

/** Enough for each relay to have some. */
const LICENSES = Array.from({ length: 6 }, (_, index) => `ZOMBIE-LIFE-SHOP${index}`);
const ROUNDS = 4;
/** Longer than a lease. */
const FROZEN_MS = 4_000;

function versionsHeard(listener: Listener): readonly number[] {
  return listener.messages().flatMap((message) => ('version' in message ? [message.version] : []));
}

// Of three backends two are frozen in turn under load, until their leases have ended and others publish for their
// licenses; thawed, they find what they had begun.
test('[P3] [Y1] [Y3] relays that wake after their leases have ended put nothing out of order', async () => {
  await using stage = await setStage({ licenses: LICENSES });
  const zombies = [stage.backend(), await stage.startBackend()];
  await stage.startBackend();
  await using stack = new AsyncDisposableStack();
  const listeners = new Map<string, Listener>();
  for (const key of LICENSES) listeners.set(key, stack.use(await listenAs(key, stage.amqpUrl)));
  const till = await stage.openTill(LICENSES[0] ?? '', 'till');
  const loads = LICENSES.map((key) => startLoad(stage, key, 25));
  for (let round = 0; round < ROUNDS; round += 1) {
    const zombie = zombies[round % zombies.length];
    await pause(3_000);
    zombie?.freeze();
    await pause(FROZEN_MS);
    zombie?.thaw();
  }
  await Promise.all(loads.map((load) => load.stop()));
  for (const key of LICENSES) {
    const { version } = await stage.head(key);
    const listener = listeners.get(key);
    if (listener === undefined) throw new Error('Each license has its listener.');
    await eventually(() => expect(new Set(versionsHeard(listener)).size).toBe(version - 1));
    const first = [...new Set(versionsHeard(listener))];
    expect(first, key).toEqual(first.toSorted((a, b) => a - b));
  }
  await eventually(async () => till.isLiveAt(await stage.head(LICENSES[0] ?? '')));
  expect(loads.flatMap(({ refused }) => refused)).toEqual([]);
}, 180_000);
