import { expect, test } from 'vitest';
import { eventually, NOTICED_MS, within } from './support/bounds.ts';
import { type Stage, setStage } from './support/stage.ts';
import type { StagedTill } from './support/staged-till.ts';

const SHOP = 'DEAF-LIFE-SHOP1';

/** The name of the queue that a till has at this moment. */
async function queueOf(stage: Stage, till: StagedTill): Promise<string> {
  const { terminal_id } = await till.state();
  const queues = (await control(stage, 'list_queues', '--no-table-headers', 'name')).split('\n');
  const queue = queues.find((name) => name.startsWith(`terminal.${terminal_id}.`));
  if (queue === undefined) throw new Error(`${till.name} has no queue.`);
  return queue;
}

function control(stage: Stage, ...args: readonly string[]): Promise<string> {
  if (stage.broker === null) throw new Error('The broker is shared.');
  return stage.broker.control(...args);
}

function erlangQueue(name: string): string {
  return `rabbit_misc:r(<<"/">>, queue, <<"${name}">>)`;
}

// An exclusive queue is its own connection's alone: only from within the broker can it be wronged.
test.each([
  {
    what: 'queue is deleted',
    wrong: (queue: string) =>
      `{ok, Q} = rabbit_amqqueue:lookup(${erlangQueue(queue)}), rabbit_amqqueue:delete(Q, false, false, <<"test">>).`,
    counted: 'detached',
  },
  {
    what: 'bindings are removed',
    wrong: (queue: string) =>
      `[rabbit_binding:remove(B, fun (_, _) -> ok end, <<"test">>) || B <- rabbit_binding:list_for_destination(${erlangQueue(queue)})].`,
    counted: 'line_deaf',
  },
])(
  '[P3] [P6] [Q4] [T5] a live till whose $what is mended within 20 s, and that is counted',
  async ({ wrong, counted }) => {
    await using stage = await setStage({ licenses: [SHOP], ownBroker: true });
    const till = await stage.openTill(SHOP, 'wronged');
    const sister = await stage.openTill(SHOP, 'sister');
    for (const each of [till, sister]) await eventually(async () => each.isLiveAt(await stage.head(SHOP)));
    const before = (await till.counts())[counted] ?? 0;
    const queue = await queueOf(stage, till);

    await control(stage, 'eval', wrong(queue));
    await stage.raisePrice(SHOP);
    const head = await stage.head(SHOP);
    const mendedAfterMs = await within(NOTICED_MS, async () => {
      await till.isLiveAt(head);
      const counts = await till.counts();
      expect(counts[counted]).toBe(before + 1);
      expect(counts['attached']).toBe(2);
    });
    console.log(`mended after ${mendedAfterMs} ms`);
    expect(await queueOf(stage, till)).not.toBe(queue);

    // The new line brings what comes, and its sister's was left alone.
    const received = (await till.counts())['message_received'] ?? 0;
    await stage.raisePrice(SHOP);
    await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
    expect((await till.counts())['message_received']).toBe(received + 1);
    expect((await sister.counts())['attached']).toBe(1);
  },
  180_000,
);
