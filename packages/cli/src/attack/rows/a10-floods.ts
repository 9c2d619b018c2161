import { setTimeout as sleep } from 'node:timers/promises';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import type { ChannelModel } from 'amqplib';
import { login, withTill } from '../amqp-probe.ts';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import type { Stage } from '../stage.ts';
import { ThrowAwayTill } from '../throw-away-till.ts';

const LIMITS = 'the limits of requests per terminal and per license (TILLCAST_RATE_LIMITS)';
const REQUESTS = 1_500;
const CHANNELS = 300;
const CONNECTIONS = 20;
const QUEUES = 40;
const LEFT = 5;
/** A backend looks over the broker every 20 s. */
const CUT_OFF_TIMEOUT_MS = 45_000;

export const FLOOD_DRAFTS: readonly Draft[] = [
  {
    attempt: `${REQUESTS} requests of one till as fast as they go, while the other license asks ten times`,
    expected: '429 with Retry-After for the one, 200 for the other',
    line: LIMITS,
    run: flood,
  },
  {
    attempt: `${CHANNELS} channels on one connection`,
    expected: 'refused beyond a few',
    line: 'the broker’s channel_max',
    run: (stage) => withTill(stage.broker, stage.own, manyChannels),
  },
  {
    attempt: `${CONNECTIONS} connections of one till`,
    expected: 'refused beyond a few',
    line: 'the limits of the broker’s user that has the till’s id, which the backend makes (RABBITMQ_MANAGEMENT_URL)',
    run: manyConnections,
  },
  {
    attempt: `${QUEUES} queues of one till, and ${LEFT} queues and ${LEFT} exchanges that outlive its connection`,
    expected: 'within 45 s it is cut off and what it left is gone',
    line: 'the backend’s look over the broker (RABBITMQ_MANAGEMENT_URL), and the guardian’s permission to configure ^terminal\\.',
    needs: 'administrator',
    run: hoard,
  },
];

async function flood(stage: Stage): Promise<Observed> {
  const ask = async (
    token: string,
  ): Promise<{ readonly status: number; readonly hasRetryAfter: boolean }> => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await stage.api.send({ path: SYNC_PATHS.version, headers });
    return { status: answer.status, hasRetryAfter: answer.headers['retry-after'] !== undefined };
  };
  const own = await stage.own.token();
  const other = await stage.other.token();
  let limited = 0;
  let without = 0;
  let sent = 0;
  const attacker = async (): Promise<void> => {
    while (sent < REQUESTS) {
      sent += 1;
      const answer = await ask(own);
      if (answer.status === 429) limited += 1;
      if (answer.status === 429 && !answer.hasRetryAfter) without += 1;
    }
  };
  const others: number[] = [];
  const bystander = async (): Promise<void> => {
    for (let index = 0; index < 10; index += 1) others.push((await ask(other)).status);
  };
  await Promise.all([...Array.from({ length: 20 }, attacker), bystander()]);
  const disturbed = others.filter((status) => status !== 200);
  const seen = `${limited} of ${REQUESTS} were answered by 429`;
  if (limited === 0) return fails('no request was limited');
  if (without > 0) return fails(`${seen}, ${without} without Retry-After`);
  return disturbed.length === 0
    ? holds(`${seen}; the other license got 200 each time`)
    : fails(`${seen}; the other license got ${disturbed.join(', ')}`);
}

async function manyChannels(model: ChannelModel): Promise<Observed> {
  let opened = 0;
  try {
    for (; opened < CHANNELS; opened += 1) {
      const channel = await model.createChannel();
      channel.on('error', () => undefined);
    }
  } catch (error) {
    return holds(`refused after ${opened}: ${textOf(error)}`);
  }
  return fails(`${opened} channels were opened`);
}

/** A further till of the attacker's license: what becomes of it disturbs no other attempt. */
function anotherTill({ api, operator, own }: Stage): Promise<ThrowAwayTill> {
  return ThrowAwayTill.activate(api, own.licenseKey, operator.activationCode(own.licenseKey));
}

async function manyConnections(stage: Stage): Promise<Observed> {
  const till = await anotherTill(stage);
  const token = await till.token();
  // The broker is told of a new terminal a moment after its activation.
  await sleep(2_000);
  const opened: ChannelModel[] = [];
  try {
    while (opened.length < CONNECTIONS) opened.push(await login(stage.broker, till.terminalId, token));
  } catch (error) {
    return holds(`refused after ${opened.length}: ${textOf(error)}`);
  } finally {
    await Promise.all(opened.map((model) => model.close()));
  }
  return fails(`${opened.length} connections were opened`);
}

async function hoard(stage: Stage): Promise<Observed> {
  const till = await anotherTill(stage);
  const names = `terminal.${till.terminalId}`;
  const model = await login(stage.broker, till.terminalId, await till.token());
  let isClosed = false;
  model.on('close', () => {
    isClosed = true;
  });
  try {
    const channel = await model.createChannel();
    channel.on('error', () => undefined);
    for (let each = 0; each < QUEUES; each += 1) {
      await channel.assertQueue(`${names}.q${each}`, { exclusive: true, autoDelete: true, durable: false });
    }
    for (let each = 0; each < LEFT; each += 1) {
      await channel.assertQueue(`${names}.left${each}`, { durable: true });
      await channel.assertExchange(`${names}.left${each}`, 'fanout', { durable: true });
    }
    return await cutOff(stage, names, () => isClosed);
  } finally {
    if (!isClosed) await model.close();
  }
}

async function cutOff({ administrator }: Stage, names: string, isClosed: () => boolean): Promise<Observed> {
  if (administrator === null) return fails('there is no administrator');
  const { management, vhost } = administrator;
  const began = performance.now();
  for (;;) {
    const queues = (await management.listQueueNames(vhost)).filter(({ name }) => name.startsWith(names));
    const exchanges = await management.listExchangeNames(vhost, `^${names.replaceAll('.', '\\.')}\\.`, 100);
    const waitedMs = performance.now() - began;
    if (isClosed() && queues.length + exchanges.length === 0) {
      return holds(`cut off, and nothing is left after ${Math.round(waitedMs / 1_000)} s`);
    }
    if (waitedMs > CUT_OFF_TIMEOUT_MS) {
      const is = isClosed() ? 'cut off' : 'still connected';
      return fails(`${is}, with ${queues.length} queues and ${exchanges.length} exchanges`);
    }
    await sleep(500);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 60) : 'closed';
}
