import { gzipSync } from 'node:zlib';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { attempt, declareOwnExchange, declareOwnQueue, refusedWith, withTill } from '../amqp-probe.ts';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import { type ProbeRequest, told } from '../http-probe.ts';
import type { Stage } from '../stage.ts';
import { CROWD_DRAFT } from './a8-crowd.ts';

const MIB = 1024 * 1024;
const BODIES = 'the bounds of bodies, headers and depth at the API';
const BROKER_BOUNDS = 'the broker’s max_message_size, and what its exchanges may be';

/** Where a body is taken, by whom, and of what media type. */
const DOORS: readonly (readonly [string, string, string, 'till' | 'nobody' | 'operator'])[] = [
  ['activation', IDENTITY_PATHS.activate, 'application/json', 'nobody'],
  ['the token endpoint', IDENTITY_PATHS.token, 'application/x-www-form-urlencoded', 'nobody'],
  ['a till’s report', SYNC_PATHS.status, 'application/json', 'till'],
  ['changes', '<CHANGES>', 'application/json', 'operator'],
];

export const SIZE_DRAFTS: readonly Draft[] = [
  ...DOORS.flatMap(([door, path, type, as]): Draft[] => [
    {
      attempt: `100 MiB to ${door}`,
      expected: '413 (or the connection closed), without being read to its end',
      line: BODIES,
      run: (stage) =>
        post(stage, path, as, { 'content-type': type }, Buffer.alloc(100 * MIB, 0x61), [413, 0]),
    },
    {
      attempt: `JSON of a depth of 100,000 to ${door}`,
      expected: '400, 413 or 415',
      line: BODIES,
      run: (stage) =>
        post(
          stage,
          path,
          as,
          { 'content-type': type },
          Buffer.from('['.repeat(100_000) + ']'.repeat(100_000)),
          [400, 413, 415],
        ),
    },
    {
      attempt: `100 MiB, packed to 100 KiB by gzip, to ${door}`,
      expected: '413 or 415',
      line: 'bodies that come packed not being unpacked beyond their bound',
      run: (stage) =>
        post(
          stage,
          path,
          as,
          { 'content-type': type, 'content-encoding': 'gzip' },
          gzipSync(Buffer.alloc(100 * MIB, 0x20)),
          [400, 413, 415],
        ),
    },
  ]),
  {
    attempt: 'Headers of 1 MiB',
    expected: '413 or 431, or the connection closed',
    line: 'the bound of headers at the API',
    run: async ({ api }) => {
      const answer = await api.sendRaw(
        api.rawRequest(SYNC_PATHS.version, { 'x-padding': 'a'.repeat(MIB), connection: 'close' }),
      );
      return [431, 413, 400, 0].includes(answer.status) ? holds(told(answer)) : fails(told(answer));
    },
  },
  {
    attempt: 'A token of 100 KiB',
    expected: '401, 413, 431 or the connection closed',
    line: 'the bounds of headers and of tokens at the API',
    run: async ({ api }) => {
      const authorization = `Bearer ${'a'.repeat(100 * 1024)}`;
      const answer = await api.send({ path: SYNC_PATHS.version, headers: { authorization } });
      return [401, 413, 431, 0].includes(answer.status) ? holds(told(answer)) : fails(told(answer));
    },
  },
  {
    attempt: 'A path of 100 KiB',
    expected: '404, 413, 414, 431 or the connection closed',
    line: 'the bound of request lines at the API',
    run: async ({ api }) => {
      const answer = await api.send({ path: `/api/v1/${'a'.repeat(100 * 1024)}` });
      return [404, 413, 414, 431, 0].includes(answer.status) ? holds(told(answer)) : fails(told(answer));
    },
  },
  {
    attempt: 'A message of 4 MiB to an exchange of its own',
    expected: 'refused: more than max_message_size (406), or 403',
    line: BROKER_BOUNDS,
    run: (stage) =>
      withTill(stage.broker, stage.own, async (model) => {
        const answer = await attempt(model, async (channel) => {
          const exchange = await declareOwnExchange(channel, stage.own, 'fanout');
          await channel.bindQueue(await declareOwnQueue(channel, stage.own), exchange, '');
          channel.publish(exchange, '', Buffer.alloc(4 * MIB));
        });
        return refusedWith(answer, [403, 406, 501]);
      }),
  },
  CROWD_DRAFT,
  {
    attempt: 'After all of it, the backend',
    expected: 'answers as before',
    line: BODIES,
    run: async ({ api }) => {
      const answer = await api.send({ path: '/health' });
      return answer.status === 200 ? holds('200') : fails(told(answer));
    },
  },
];

async function post(
  stage: Stage,
  path: string,
  as: 'till' | 'nobody' | 'operator',
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  statuses: readonly number[],
): Promise<Observed> {
  const secret = as === 'till' ? await stage.own.token() : stage.operator.apiKey;
  const request: ProbeRequest = {
    method: 'POST',
    path: path === '<CHANGES>' ? ADMIN_PATHS.changes(stage.own.licenseKey) : path,
    headers: { ...headers, ...(as === 'nobody' ? {} : { authorization: `Bearer ${secret}` }) },
    body,
  };
  const answer = await stage.api.send(request);
  return statuses.includes(answer.status) ? holds(told(answer)) : fails(told(answer));
}
