import { auditPageSchema, terminalListSchema } from '@tillcast/protocol/http/admin-api';
import {
  changeDeliverySchema,
  fleetBehindSchema,
  fleetStatusSchema,
} from '@tillcast/protocol/http/fleet-api';
import { type StatusAnswer, statusAnswerSchema } from '@tillcast/protocol/http/status-api';
import { decodeMessage } from '@tillcast/protocol/messages/envelope';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Answer,
  expectProblem,
  LICENSE,
  openTestApp,
  putProduct,
  TERMINAL_ID,
  type TestApp,
} from '../http/test-app.ts';

let on: TestApp;
beforeAll(async () => {
  on = await openTestApp();
  await on.commit(putProduct('A'));
});
afterAll(() => on[Symbol.asyncDispose]());

const nothing = { cursor: null, unsent_sales: 0, clock: '2026-11-23T14:00:01.500Z' };

function report(payload: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return on.app.inject({
    method: 'POST',
    url: '/api/v1/terminals/self/status',
    headers: {
      'x-license-key': LICENSE,
      'x-terminal-id': TERMINAL_ID,
      'content-type': 'application/json',
      ...headers,
    },
    payload: JSON.stringify(payload),
  });
}

test('[P6] a report is answered with where the server stands', async () => {
  const answer = await report(nothing);
  expect(answer.statusCode).toBe(200);
  expect(statusAnswerSchema.parse(answer.json())).toMatchObject({
    license_key: LICENSE,
    version: 1,
    valid: true,
    code: 'license_active',
    synced_at: '2026-11-23T14:00:00.000Z',
  });
});

test('the fleet shows what the terminal said last', async () => {
  const { epoch, version } = statusAnswerSchema.parse((await report(nothing)).json());
  await report({ ...nothing, unsent_sales: 3, cursor: { epoch, version, digest: 'ffffffffffffffff' } });
  const { terminals } = terminalListSchema.parse((await on.admin('GET', '/api/v1/admin/terminals')).json());
  expect(terminals).toEqual([
    expect.objectContaining({
      terminal_id: TERMINAL_ID,
      license_key: LICENSE,
      version,
      behind: 0,
      digest_matches: false,
      unsent_sales: 3,
    }),
  ]);
  const { body } = await on.metrics.text();
  expect(body).toMatch(/tillcast_terminal_reports_total\{outcome="digest_differs"\} 1/);
});

test.each([
  ['no clock', { cursor: null, unsent_sales: 0 }, '/clock'],
  ['a field that is not known', { ...nothing, mood: 'good' }, ''],
  ['negative sales', { ...nothing, unsent_sales: -1 }, '/unsent_sales'],
  ['half a sale', { ...nothing, unsent_sales: 0.5 }, '/unsent_sales'],
  ['a cursor without digest', { ...nothing, cursor: { epoch: 'abcdefgh', version: 1 } }, '/cursor/digest'],
  ['no object', [], ''],
])('[S8] a report with %s is refused with a pointer', async (_what, payload, pointer) => {
  const problem = expectProblem(await report(payload), 400, 'request_invalid');
  expect(problem.errors?.[0]?.pointer).toBe(pointer);
});

test('a terminal that does not say who it is, is told so', async () => {
  const problem = expectProblem(await report(nothing, { 'x-terminal-id': 'till-1' }), 400, 'request_invalid');
  expect(problem.errors?.[0]?.pointer).toBe('/header/x-terminal-id');
});

test('[S2] the report of a suspended license is refused and nothing of it is kept', async () => {
  await on.admin('POST', `/api/v1/admin/licenses/${LICENSE}/suspend`);
  const other = '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a99';
  expectProblem(await report(nothing, { 'x-terminal-id': other }), 403, 'license_suspended');
  await on.admin('POST', `/api/v1/admin/licenses/${LICENSE}/resume`);
  const { body } = await on.admin('GET', '/api/v1/admin/terminals');
  expect(body).not.toContain(other);
});

async function told(payload: object, headers: Readonly<Record<string, string>> = {}): Promise<StatusAnswer> {
  const answer = await report({ ...nothing, ...payload }, headers);
  expect({ status: answer.statusCode, body: answer.body }).toMatchObject({ status: 200 });
  return statusAnswerSchema.parse(answer.json());
}

test('[N1] a till that was off is told each broadcast that has not expired, as it was signed, until it has it', async () => {
  const say = async (message: string, expiresInS: number): Promise<void> => {
    const body = { type: 'system_notice', message, severity: 'info', expires_in_s: expiresInS };
    expect((await on.admin('POST', '/api/v1/admin/broadcasts', body)).statusCode).toBe(202);
  };
  await say('Closing early', 60);
  await say('Cards are down', 3_600);
  const first = await told({ notices: [] });
  const messages = (first.notices ?? []).map(({ message }) => decodeMessage(message));
  expect(messages.map(({ payload }) => payload)).toEqual([
    { message: 'Closing early', severity: 'info' },
    { message: 'Cards are down', severity: 'info' },
  ]);
  expect(first.notices?.every(({ signature }) => signature.length > 86)).toBe(true);
  const ids = messages.map(({ id }) => id);
  expect((await told({ notices: ids.slice(0, 1) })).notices).toHaveLength(1);
  expect((await told({ notices: ids })).notices).toEqual([]);
  // A till that does not say what it has is an older one, which could do nothing with them.
  expect((await told({})).notices).toBeUndefined();
  on.clock = new Date(on.clock.getTime() + 60_000);
  expect((await told({ notices: [] })).notices).toHaveLength(1);
  await say('Cards are back', 3_600);
  expect((await told({ notices: ids })).notices).toHaveLength(1);
});

test('[N1] tills that ask for notices cost no question of the database each', async () => {
  await told({ notices: [] });
  const before = on.statements.filter((name) => name === 'read_active_broadcasts').length;
  await Promise.all(Array.from({ length: 20 }, () => told({ notices: [] })));
  expect(on.statements.filter((name) => name === 'read_active_broadcasts').length - before).toBe(0);
});

test('[J1] a till that goes on reporting costs one statement a report, many at once far fewer', async () => {
  const instance = { id: TERMINAL_ID, starts: 1, run: '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a77' };
  const many = Array.from({ length: 50 }, (_, index) => ({
    'x-terminal-id': `0192f0c1-7a52-7c3e-9d3a-${String(index).padStart(12, '0')}`,
  }));
  await Promise.all(many.map((headers) => told({ notices: [], instance }, headers)));
  const names = [
    'write_reports',
    'lock_instance',
    'write_instance',
    'append_audit',
    'read_active_broadcasts',
  ];
  const count = (): number => on.statements.filter((name) => names.includes(name)).length;
  let before = count();
  await told({ notices: [], instance }, many[0]);
  expect(count() - before).toBe(1);
  before = count();
  await Promise.all(many.map((headers) => told({ notices: [], instance }, headers)));
  expect(count() - before).toBeLessThan(15);
});

test('[N4] two copies of one till are noticed, counted, in the audit log once, and told so', async () => {
  const headers = { 'x-terminal-id': '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2b01' };
  const id = '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2b02';
  const runs = ['0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2b03', '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2b04'];
  const [one, other] = runs.map((run) => ({ instance: { id, starts: 4, run } }));
  if (one === undefined || other === undefined) throw new Error('There are two.');
  expect(await told(one, headers)).toMatchObject({ cloned: false });
  expect(await told(one, headers)).toMatchObject({ cloned: false });
  for (const each of [other, one, other, one]) {
    expect(await told(each, headers)).toMatchObject({ cloned: true });
  }
  const { entries } = auditPageSchema.parse((await on.admin('GET', '/api/v1/admin/audit')).json());
  const acts = entries.filter(({ act }) => act === 'terminal.cloned');
  expect(acts).toEqual([
    expect.objectContaining({
      actor: `terminal ${headers['x-terminal-id']}`,
      subject: headers['x-terminal-id'],
      detail: JSON.stringify({ instance: id, license_key: LICENSE, starts: 4, starts_seen: 4 }),
    }),
  ]);
  expect((await on.metrics.text()).body).toMatch(/tillcast_cloned_terminals_total 1/);
  const behind = fleetBehindSchema.parse((await on.admin('GET', '/api/v1/admin/fleet/behind')).json());
  expect(behind.terminals.filter(({ cloned }) => cloned).map(({ terminal_id }) => terminal_id)).toEqual([
    headers['x-terminal-id'],
  ]);
  // One of them is switched off: ten minutes later the other one is the till.
  on.clock = new Date(on.clock.getTime() + 590_000);
  expect(await told(one, headers)).toMatchObject({ cloned: true });
  on.clock = new Date(on.clock.getTime() + 11_000);
  expect(await told(one, headers)).toMatchObject({ cloned: false });
});

test('[J3] the operator sees who has a change, and how fast it went', async () => {
  await on.commit(putProduct('A', 3));
  const terminal = { 'x-terminal-id': '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2c01' };
  const { epoch, version, digest } = await told({}, terminal);
  await told({ cursor: { epoch, version, digest }, applied: [[version, 12]], state: 'live' }, terminal);
  const path = `/api/v1/admin/licenses/${LICENSE}/changes`;
  const delivery = changeDeliverySchema.parse((await on.admin('GET', `${path}/${version}/delivery`)).json());
  expect(delivery).toMatchObject({
    license_key: LICENSE,
    version,
    type: 'product_update',
    published: false,
    have_it: 1,
    delivery: { applied: 1, p50_ms: 12, last_ms: 12 },
  });
  expect(delivery.pending.length + delivery.have_it).toBe(delivery.terminals);
  const status = fleetStatusSchema.parse(
    (await on.admin('GET', `/api/v1/admin/fleet?license=${LICENSE}`)).json(),
  );
  expect(status.delivery).toMatchObject({ changes: 1, applied: 1 });
  expectProblem(await on.admin('GET', `${path}/999/delivery`), 404, 'change_not_found');
  expectProblem(await on.admin('GET', `${path}/x/delivery`), 400, 'request_invalid');
  const nobody = '/api/v1/admin/fleet?license=NOBODY-HAS-THIS';
  expectProblem(await on.admin('GET', nobody), 404, 'license_not_found');
});

test('[J6] the metrics tell how long deliveries and syncs took, what happened at tills, and how they stand', async () => {
  const terminal = { 'x-terminal-id': '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2c02' };
  await told(
    {
      syncs: [
        ['delta', 40],
        ['snapshot', 900],
      ],
      events: { repair: 2, gap: 1 },
    },
    terminal,
  );
  await on.admin('GET', '/api/v1/admin/fleet');
  const { body } = await on.metrics.text();
  expect(body).toMatch(/tillcast_delivery_seconds_bucket\{le="0.025",way="message"\} 1/);
  expect(body).toMatch(/tillcast_terminal_sync_duration_seconds_bucket\{le="0.05",kind="delta"\} 1/);
  expect(body).toMatch(/tillcast_terminal_events_total\{event="repair"\} 2/);
  expect(body).toMatch(/tillcast_terminal_events_total\{event="line_deaf"\} 0/);
  expect(body).toMatch(/tillcast_terminals\{standing="silent"\} \d+/);
  expect(body).not.toContain(LICENSE);
});
