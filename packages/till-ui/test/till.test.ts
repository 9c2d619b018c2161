import { afterEach, expect, test } from 'vitest';
import { startTill, type Till } from '../src/page/till.ts';
import type { Clock } from '../src/server/clock.ts';
import type { EventHandlers } from '../src/server/events.ts';
import { terminalState } from './fixtures.ts';

/** A clock that stands until it is moved; what is due then runs in order. */
function handClock(): Clock & { move(ms: number): Promise<void> } {
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly call: () => void }[] = [];
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    after: (delayMs, call) => {
      const timer = { atMs: nowMs + delayMs, call };
      timers.push(timer);
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    move: async (ms) => {
      await settle();
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = timers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        timers = timers.filter((each) => each !== next);
        nowMs = next.atMs;
        next.call();
        await settle();
      }
      nowMs = endMs;
      await settle();
    },
  };
}

/** A till's server in a few lines: it answers, hangs or is gone, as it is told. */
function server() {
  const clock = handClock();
  const flatWhite = { id: 'FW', name: 'Flat white', price: 3.4, currency: 'GBP' };
  const box = {
    is: 'up' as 'up' | 'hanging' | 'gone',
    products: [flatWhite],
    stream: null as EventHandlers | null,
    opened: 0,
    reads: 0,
  };
  const reach = async <T>(answer: () => T, timeoutMs: number): Promise<T> => {
    if (box.is === 'gone') throw new TypeError('Failed to fetch');
    if (box.is === 'hanging') {
      await new Promise<void>((resolve) => clock.after(timeoutMs, resolve));
      throw new DOMException('signal timed out', 'TimeoutError');
    }
    return answer();
  };
  const till = startTill({
    clock,
    report: () => undefined,
    api: {
      state: (timeoutMs) => reach(() => terminalState(), timeoutMs),
      items: (kind) => {
        if (kind === 'product') box.reads += 1;
        return reach(() => (kind === 'product' ? [...box.products] : []), 15_000);
      },
      activity: () => reach(() => [], 15_000),
      syncNow: () =>
        reach(
          () => ({ outcome: 'up_to_date', version: 1284, applied: 0, message: 'Up to date (v1284)' }),
          4_000,
        ),
    },
    openEvents: (handlers) => {
      box.opened += 1;
      if (box.is === 'up') {
        box.stream = handlers;
        clock.after(0, () => handlers.opened());
      } else clock.after(0, () => handlers.failed(new Error('refused')));
      return () => {
        box.stream = null;
      };
    },
  });
  return { till, clock, box };
}

let running: Till | null = null;
afterEach(() => running?.stop());

async function liveTill(): Promise<ReturnType<typeof server>> {
  const parts = server();
  running = parts.till;
  expect(parts.till.status.value.label).toBe('Starting');
  await parts.clock.move(100);
  expect(parts.till.status.value.label).toBe('Live v1284');
  return parts;
}

test('the page reads the catalog and is live', async () => {
  const { till } = await liveTill();
  expect(till.catalog.catalog.value?.ordered.map(({ name }) => name)).toEqual(['Flat white']);
});

test('a till program that hangs with its stream open is not shown as live for longer than 3 s', async () => {
  const { till, clock, box } = await liveTill();
  box.is = 'hanging';
  await clock.move(3_000);
  expect(till.status.value.word).toBe('needs_attention');
  expect(till.reachable.value).toBe(false);
  box.is = 'up';
  await clock.move(3_000);
  expect(till.status.value.word).toBe('live');
});

test('a till program that ends is seen at once; when it is back everything is read anew', async () => {
  const { till, clock, box } = await liveTill();
  box.is = 'gone';
  box.stream?.failed(new Error('ended'));
  await clock.move(10);
  expect(till.status.value.word).toBe('needs_attention');
  await clock.move(60_000);
  expect(box.opened).toBeLessThan(25);

  box.is = 'up';
  box.products = [{ id: 'FW', name: 'Flat white', price: 3.6, currency: 'GBP' }];
  await clock.move(1_100);
  expect(till.status.value.word).toBe('live');
  expect(till.catalog.catalog.value?.products.get('FW')?.price).toBe(3.6);
  expect(till.catalog.flashes.value.get('FW')?.oldPrice).toBe(3.4);
});

test('while the catalog is read the page is not live, and a change that comes meanwhile is kept', async () => {
  const { till, clock, box } = await liveTill();
  box.stream?.catalog();
  expect(till.status.value.word).toBe('catching_up');
  box.stream?.items([
    { kind: 'product', id: 'FW', item: { id: 'FW', name: 'Flat white', price: 3.9, currency: 'GBP' } },
  ]);
  await clock.move(100);
  expect(till.status.value.word).toBe('live');
  expect(till.catalog.catalog.value?.products.get('FW')?.price).toBe(3.9);
});

test('being told twice that everything changed while a read is under way leads to one more read', async () => {
  const { clock, box } = await liveTill();
  const reads = box.reads;
  box.stream?.catalog();
  box.stream?.catalog();
  box.stream?.catalog();
  await clock.move(100);
  expect(box.reads - reads).toBe(2);
});

test('a price change flashes for a while and then no more', async () => {
  const { till, clock, box } = await liveTill();
  box.stream?.items([
    { kind: 'product', id: 'FW', item: { id: 'FW', name: 'Flat white', price: 3.6, currency: 'GBP' } },
  ]);
  await clock.move(100);
  expect(till.catalog.flashes.value.has('FW')).toBe(true);
  await clock.move(10_000);
  expect(till.catalog.flashes.value.size).toBe(0);
});

test('Sync now says what it came to, and that the till program does not answer', async () => {
  const { till, clock, box } = await liveTill();
  till.syncNow();
  expect(till.sync.value.is).toBe('asking');
  await clock.move(10);
  expect(till.sync.value).toMatchObject({ well: true, text: 'Up to date (v1284)' });
  box.is = 'gone';
  till.syncNow();
  await clock.move(10);
  expect(till.sync.value).toMatchObject({ is: 'answered', well: false });
});
