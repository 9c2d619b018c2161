import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import { connect } from 'amqplib';
import { expect, test } from 'vitest';
import { eventually } from './support/bounds.ts';
import { type Stage, setStage } from './support/stage.ts';

const SHOP = 'BLOCKED-LIFE-SHOP1';
const CHANGES = 200;
/** Clock ticks of the kernel in a second, as /proc counts them. */
const TICKS_PER_S = 100;
const MEASURED_MS = 10_000;
const CPU_MAX = 0.1;

/** Which share of one core a process used over some seconds. */
async function cpuShareOf(pid: number): Promise<number> {
  const ticks = async (): Promise<number> => {
    const afterName = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
    return Number(afterName[11]) + Number(afterName[12]);
  };
  const [before, startedMs] = [await ticks(), performance.now()];
  await pause(MEASURED_MS);
  return ((await ticks()) - before) / TICKS_PER_S / ((performance.now() - startedMs) / 1_000);
}

/** Makes the broker refuse, and gives what ends that. */
type Refusal = (stage: Stage) => Promise<() => Promise<void>>;

const memoryAlarm: Refusal = async ({ broker }) => {
  await broker?.control('set_vm_memory_high_watermark', 'absolute', '1MB');
  return async () => {
    await broker?.control('set_vm_memory_high_watermark', '0.4');
  };
};

// A queue that is full and refuses: the broker says no to each message that would go there.
const nacks: Refusal = async ({ amqpUrl }) => {
  const connection = await connect(amqpUrl);
  const channel = await connection.createChannel();
  await channel.assertQueue('full', { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });
  channel.sendToQueue('full', Buffer.from('x'));
  await channel.bindQueue('full', EVENTS_EXCHANGE.name, `license.${SHOP}.#`);
  return async () => {
    await channel.deleteQueue('full');
    await connection.close();
  };
};

test.each([
  { how: 'blocks its publishers', refusal: memoryAlarm },
  { how: 'refuses each message', refusal: nacks },
])(
  '[P3] [Q5] [Y2] while the broker $how, changes wait and cost next to nothing; then all are published',
  async ({ refusal }) => {
    await using stage = await setStage({ licenses: [SHOP], ownBroker: true });
    const till = await stage.openTill(SHOP, 'till');
    await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
    await eventually(async () => expect((await stage.head(SHOP)).published_version).toBe(1));

    const endIt = await refusal(stage);
    for (let change = 0; change < CHANGES; change += 1) await stage.raisePrice(SHOP);
    // What was under way when it began is over.
    await pause(3_000);
    const share = await cpuShareOf(stage.backend().pid);
    const waiting = await stage.head(SHOP);
    console.log(
      `${(share * 100).toFixed(1)} % of a core; ${waiting.version - waiting.published_version} changes wait`,
    );
    expect(waiting.version - waiting.published_version).toBeGreaterThan(CHANGES / 2);
    expect(share).toBeLessThan(CPU_MAX);
    await stage.truth.check();

    await endIt();
    await eventually(async () => expect((await stage.head(SHOP)).published_version).toBe(CHANGES + 1));
    await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
  },
  240_000,
);
