import { expect, test } from 'vitest';
import { type Listener, listenAs } from '../support/listener.ts';
import { eventually } from './support/bounds.ts';
import { type Stage, setStage } from './support/stage.ts';

const SHOP = 'RELAY-LIFE-KILLED1';
const CHANGES = 5;

function versionsHeard(listener: Listener): readonly number[] {
  return listener.messages().flatMap((message) => ('version' in message ? [message.version] : []));
}

/** Commits some changes and holds the backend at a point of publishing them; resolves when it is there. */
type ToThePoint = (stage: Stage, listener: Listener) => Promise<void>;

const POINTS: readonly {
  readonly point: string;
  readonly reach: ToThePoint;
  readonly heardTwice: boolean;
}[] = [
  {
    point: 'after the commit',
    heardTwice: false,
    reach: async (stage, listener) => {
      stage.backendToBroker.suffer({ traffic: 'held_to_server' });
      for (let change = 0; change < CHANGES; change += 1) await stage.raisePrice(SHOP);
      expect(listener.messages()).toEqual([]);
    },
  },
  {
    point: 'after the publish',
    heardTwice: true,
    reach: async (stage, listener) => {
      stage.backendToBroker.suffer({ traffic: 'held_to_client' });
      for (let change = 0; change < CHANGES; change += 1) await stage.raisePrice(SHOP);
      await eventually(() => expect(versionsHeard(listener).length).toBeGreaterThan(0));
    },
  },
  {
    point: 'after the confirm',
    heardTwice: true,
    reach: async (stage, listener) => {
      const marking = stage.backendToDatabase.intercept({
        sees: (bytes) => bytes.includes('mark_published'),
        passes: false,
      });
      for (let change = 0; change < CHANGES; change += 1) await stage.raisePrice(SHOP);
      await marking;
      await eventually(() => expect(versionsHeard(listener).length).toBeGreaterThan(0));
    },
  },
];

test.each(POINTS)(
  '[P3] [Y1] [Y2] [Y3] a backend that is killed $point: another one takes over, and the till applies each change once, in order',
  async ({ reach, heardTwice }) => {
    await using stage = await setStage({ licenses: [SHOP] });
    const till = await stage.openTill(SHOP, 'till');
    await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
    await eventually(async () => expect((await stage.head(SHOP)).published_version).toBe(1));
    await using listener = await listenAs(SHOP, stage.amqpUrl);
    const before = await till.counts();

    await reach(stage, listener);
    await stage.backend().kill();
    // What it had sent into the cable comes out nowhere.
    stage.backendToBroker.abandon();
    stage.backendToBroker.heal();
    await stage.startBackend();
    await stage.raisePrice(SHOP);

    const head = await stage.head(SHOP);
    expect(head.version).toBe(CHANGES + 2);
    await eventually(async () => expect((await stage.head(SHOP)).published_version).toBe(head.version));
    await eventually(() => till.isLiveAt(head));
    const heard = versionsHeard(listener);
    const first = [...new Set(heard)];
    const all = Array.from({ length: CHANGES + 1 }, (_, index) => index + 2);
    expect(first).toEqual(all);
    expect(heard.length).toBeGreaterThanOrEqual(first.length + (heardTwice ? 1 : 0));
    const lines = (await till.activity()).flatMap(({ version, new_price }) =>
      new_price === null ? [] : [version],
    );
    expect(lines.filter((version) => (version ?? 0) > 1)).toEqual(all.toReversed());
    expect((await till.counts())['snapshot'] ?? 0).toBe(before['snapshot'] ?? 0);
  },
  180_000,
);
