import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import type { ChannelModel } from 'amqplib';
import { withTill } from '../amqp-probe.ts';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import type { Stage } from '../stage.ts';

const LIMITS = 'the limits of requests per terminal and per license (TILLCAST_RATE_LIMITS)';
const REQUESTS = 1_500;
const CHANNELS = 300;

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
    return holds(
      `refused after ${opened}: ${error instanceof Error ? error.message.slice(0, 60) : 'closed'}`,
    );
  }
  return fails(`${opened} channels were opened`);
}
