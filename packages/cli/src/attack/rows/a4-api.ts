import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { ITEM_PLURALS, SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { z } from 'zod';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import { type ProbeAnswer, type ProbeRequest, told } from '../http-probe.ts';
import type { AttackTill, Stage } from '../stage.ts';

const GATE =
  'the license coming from the verified token alone (LicenseGate), and row-level security behind it';
const ADMIN_DOOR = 'the admin API taking an API key and nothing else';

const READS: readonly string[] = [
  SYNC_PATHS.fullData,
  SYNC_PATHS.version,
  ...ITEM_PLURALS.map(SYNC_PATHS.list),
];

const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string().optional() }))),
});
const METHODS: readonly string[] = ['get', 'post', 'put', 'patch', 'delete'];

const headSchema = z.object({ epoch: z.string(), version: z.number(), license_key: z.string() });
const pageSchema = z.object({ next: z.string().nullable() });

export const API_DRAFTS: readonly Draft[] = [
  {
    attempt: 'Its own catalog with its own token',
    expected: 'allowed, and nothing of the other’s in it: without it the refusals below would prove nothing',
    line: GATE,
    run: async (stage) => {
      const answer = await ask(stage, stage.own, { path: SYNC_PATHS.fullData });
      if (answer.status !== 200) return fails(told(answer));
      return nothingOfTheOther(stage, answer, 'its own catalog');
    },
  },
  ...READS.map(
    (path): Draft => ({
      attempt: `${path} with its own token and the other’s X-License-Key`,
      expected: '400: header and token contradict each other',
      line: GATE,
      run: async (stage) =>
        refusedBy(
          stage,
          await ask(stage, stage.own, { path, headers: { 'x-license-key': stage.other.licenseKey } }),
          [400],
        ),
    }),
  ),
  {
    attempt: 'Its own catalog with its own token and the other till’s X-Terminal-Id',
    expected: '400',
    line: GATE,
    run: async (stage) =>
      refusedBy(
        stage,
        await ask(stage, stage.own, {
          path: SYNC_PATHS.fullData,
          headers: { 'x-terminal-id': stage.other.terminalId },
        }),
        [400],
      ),
  },
  {
    attempt: 'The other license’s catalog by its X-License-Key alone',
    expected: '401 license_key_not_accepted',
    line: 'TILLCAST_AUTH=token at the backend: a license key is no secret',
    run: async (stage) =>
      refusedBy(
        stage,
        await stage.api.send({
          path: SYNC_PATHS.fullData,
          headers: { 'x-license-key': stage.other.licenseKey },
        }),
        [401],
      ),
  },
  ...(['license_key', 'license', 'license_id', 'terminal_id'] as const).map(
    (name): Draft => ({
      attempt: `Its own catalog with ?${name}= of the other license`,
      expected: '400: a parameter that nothing knows',
      line: 'strict query schemas',
      run: async (stage) => {
        const value = name === 'terminal_id' ? stage.other.terminalId : stage.other.licenseKey;
        const path = `${SYNC_PATHS.fullData}?${name}=${encodeURIComponent(value)}`;
        return refusedBy(stage, await ask(stage, stage.own, { path }), [400]);
      },
    }),
  ),
  {
    attempt: 'The delta since a position of the other license’s history',
    expected: 'the same answer as for a history that never was',
    line: GATE,
    run: (stage) => sameAsNothing(stage, async (epoch) => `${SYNC_PATHS.changes}?epoch=${epoch}&since=0`),
  },
  {
    attempt: 'The next page of a delta that the other license’s till began',
    expected: 'refused, or nothing of the other’s',
    line: 'page tokens holding no license: the rows come from the verified token’s license',
    run: foreignPage,
  },
  {
    attempt: 'Its own catalog with the other’s ETag (If-None-Match)',
    expected: '200 with its own catalog: the other’s ETag is like any unknown one',
    line: 'ETags that are compared with the answer’s own',
    run: async (stage) => {
      const theirs = await ask(stage, stage.other, { path: SYNC_PATHS.fullData });
      const etag = z.string().parse(theirs.headers['etag']);
      const answer = await ask(stage, stage.own, {
        path: SYNC_PATHS.fullData,
        headers: { 'if-none-match': etag },
      });
      return answer.status === 200 ? nothingOfTheOther(stage, answer, '200, its own') : fails(told(answer));
    },
  },
  {
    attempt: 'A report in the other till’s name',
    expected: '400',
    line: GATE,
    run: async (stage) =>
      refusedBy(stage, await report(stage, { 'x-terminal-id': stage.other.terminalId }), [400]),
  },
  {
    attempt:
      'Every operation of the OpenAPI document with the other license’s key and terminal, and the attacker’s token',
    expected: 'refused, or nothing of the other’s; the admin API 401 or 403 in every case',
    line: ADMIN_DOOR,
    run: everyOperation,
  },
  {
    attempt: 'The admin API’s list of licenses with a till’s token as the API key',
    expected: '401',
    line: ADMIN_DOOR,
    run: async (stage) =>
      refusedBy(stage, await ask(stage, stage.own, { path: ADMIN_PATHS.licenses }), [401, 403]),
  },
];

async function ask(stage: Stage, till: AttackTill, request: ProbeRequest): Promise<ProbeAnswer> {
  const authorization = `Bearer ${await till.token()}`;
  return stage.api.send({ ...request, headers: { authorization, ...request.headers } });
}

async function report(stage: Stage, headers: Readonly<Record<string, string>>): Promise<ProbeAnswer> {
  const body = { cursor: null, unsent_sales: 0, clock: new Date().toISOString() };
  return ask(stage, stage.own, {
    method: 'POST',
    path: SYNC_PATHS.status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

function refusedBy(stage: Stage, answer: ProbeAnswer, statuses: readonly number[]): Observed {
  if (!statuses.includes(answer.status)) return fails(`${told(answer)} ${leak(stage, answer)}`.trim());
  return nothingOfTheOther(stage, answer, told(answer));
}

function nothingOfTheOther(stage: Stage, answer: ProbeAnswer, seen: string): Observed {
  const leaked = leak(stage, answer);
  return leaked === '' ? holds(seen) : fails(`${seen}, ${leaked}`);
}

function leak(stage: Stage, answer: ProbeAnswer): string {
  return answer.text.includes(stage.otherSecret) ? 'with the other license’s catalog' : '';
}

/** A request with something of the other's, and one with something that nobody has: answered alike. */
async function sameAsNothing(stage: Stage, pathOf: (epoch: string) => Promise<string>): Promise<Observed> {
  const theirs = headSchema.parse((await ask(stage, stage.other, { path: SYNC_PATHS.version })).json());
  const nobodys = `${theirs.epoch.slice(0, -1)}${theirs.epoch.endsWith('x') ? 'y' : 'x'}`;
  const first = await ask(stage, stage.own, { path: await pathOf(theirs.epoch) });
  const second = await ask(stage, stage.own, { path: await pathOf(nobodys) });
  const alike = first.status === second.status && first.code === second.code;
  if (!alike) return fails(`${told(first)} for the other’s, ${told(second)} for nobody’s`);
  return first.status === 200
    ? fails('answered')
    : nothingOfTheOther(stage, first, `${told(first)} for both`);
}

async function foreignPage(stage: Stage): Promise<Observed> {
  const deltaOf = async (till: AttackTill, page: string): Promise<ProbeAnswer> => {
    const head = headSchema.parse((await ask(stage, till, { path: SYNC_PATHS.version })).json());
    return ask(stage, till, {
      path: `${SYNC_PATHS.changes}?epoch=${head.epoch}&since=0&limit=1${page === '' ? '' : `&page=${encodeURIComponent(page)}`}`,
    });
  };
  const item = { id: 'ATTACK-0', name: stage.otherSecret, price: 1, currency: 'EUR' };
  await stage.api.send({
    method: 'POST',
    path: ADMIN_PATHS.changes(stage.other.licenseKey),
    headers: { authorization: `Bearer ${stage.operator.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      operations: [{ op: 'put', kind: 'table', item: { id: item.id, name: item.name } }],
    }),
  });
  await stage.operator.changePrice(stage.other.licenseKey);
  const { next } = pageSchema.parse((await deltaOf(stage.other, '')).json());
  if (next === null) return fails('could not be tried: the other’s delta has one page');
  return nothingOfTheOther(stage, await deltaOf(stage.own, next), 'nothing of the other’s');
}

/** What a path's parameters are filled with. */
function filled(path: string, { other }: Stage): string {
  return path.replaceAll(/\{(\w+)\}|:(\w+)/g, (_, braced: string | undefined, colon: string | undefined) => {
    const name = braced ?? colon ?? '';
    return encodeURIComponent(/terminal|^id$/i.test(name) ? other.terminalId : other.licenseKey);
  });
}

async function everyOperation(stage: Stage): Promise<Observed> {
  const answer = await stage.api.send({ path: '/openapi.json' });
  const { paths } = documentSchema.parse(answer.json());
  const wrong: string[] = [];
  let count = 0;
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of METHODS.filter((each) => operations[each] !== undefined)) {
      count += 1;
      const isRead = method === 'get';
      const request: ProbeRequest = {
        method: method.toUpperCase(),
        path: filled(path, stage),
        ...(isRead
          ? {}
          : {
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({ license_key: stage.other.licenseKey }),
            }),
      };
      const got = await ask(stage, stage.own, request);
      const isAdmin = path.startsWith('/api/v1/admin');
      if (leak(stage, got) !== '') wrong.push(`${method} ${path} told of the other’s catalog`);
      else if (isAdmin && ![401, 403].includes(got.status)) wrong.push(`${method} ${path}: ${told(got)}`);
      else if (!isRead && got.status < 300) wrong.push(`${method} ${path} was done: ${got.status}`);
    }
  }
  return wrong.length === 0 ? holds(`${count} operations, none led to the other`) : fails(wrong.join('; '));
}
