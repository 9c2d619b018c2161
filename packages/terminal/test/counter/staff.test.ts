import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { CSRF_HEADER } from '@tillcast/protocol/http/till-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { afterWrong, NO_TRIES, waitMsOf } from '../../src/counter/pin-tries.ts';
import { openExport } from '../../src/sales/export-file.ts';
import { Stage, type Till } from '../running-till.ts';
import { add, Page, staff } from './page.ts';

let stage: Stage;
let till: Till;

beforeAll(async () => {
  stage = await Stage.set();
  stage.catalog.commit([staff('mia', '1234', 'manager'), staff('jonas', '4321')]);
  till = await stage.openLiveTill();
});
afterAll(async () => {
  await till.stop();
  await stage[Symbol.asyncDispose]();
});

test('[U27] where there is staff with a PIN, nobody sells or reads who is not signed in', async () => {
  const page = await Page.open(till.url);
  expect(await page.session()).toMatchObject({ staff: null, staff_required: true });
  for (const [method, path, body] of [
    ['GET', 'orders', undefined],
    ['GET', 'sales', undefined],
    ['PUT', `orders/${crypto.randomUUID()}`, { revision: 0, edit: add('A') }],
    ['POST', 'sales', {}],
    ['PUT', 'screen', { screen: null }],
  ] as const) {
    expect(await page.ask(method, path, body), path).toMatchObject({
      status: 401,
      body: { code: 'staff_needed' },
    });
  }
  expect(await page.signIn('4321')).toMatchObject({
    status: 200,
    body: { staff: { id: 'jonas', role: 'cashier' } },
  });
  const { sale } = await page.sell(await page.edit(add('A')));
  expect(sale).toMatchObject({ staff_id: 'jonas', staff_name: 'jonas' });
  const other = await Page.open(till.url);
  expect(await other.session()).toMatchObject({ staff: null });
});

test('[U27] a PIN is of whom it is asked for, and signing in is another session', async () => {
  const page = await Page.open(till.url);
  const before = page.cookie;
  expect(await page.signIn('1234', 'jonas')).toMatchObject({ status: 401, body: { code: 'pin_wrong' } });
  expect(await page.signIn('1234', 'mia')).toMatchObject({ status: 200, body: { staff: { id: 'mia' } } });
  expect(page.cookie).not.toBe(before);
});

test('[U28] whoever has no session’s token changes nothing, and no script reads the session', async () => {
  const page = await Page.open(till.url);
  await page.signIn('4321');
  const path = `orders/${crypto.randomUUID()}`;
  const edit = { revision: 0, edit: add('A') };
  for (const headers of [{}, { [CSRF_HEADER]: '' }, { [CSRF_HEADER]: 'guess' }]) {
    expect(await page.ask('PUT', path, edit, headers)).toMatchObject({
      status: 403,
      body: { code: 'csrf_invalid' },
    });
  }
  // The token of another session is none of this one's.
  const other = await Page.open(till.url);
  const { csrf } = await other.session();
  expect(await page.ask('PUT', path, edit, { [CSRF_HEADER]: csrf })).toMatchObject({ status: 403 });
  expect(await page.ask('POST', 'session/sign-out', {}, {})).toMatchObject({ status: 403 });
  expect(await page.ask('PUT', path, edit)).toMatchObject({ status: 200 });
  const fresh = await fetch(`${till.url}/api/session`);
  expect(fresh.headers.get('set-cookie')).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(fresh.headers.get('access-control-allow-origin')).toBeNull();
});

test('[U31] the page gets nothing of a PIN, not its hash either', async () => {
  const page = await Page.open(till.url);
  const { body } = await page.ask('GET', 'items/user');
  expect(body['items']).toEqual(
    expect.arrayContaining([expect.objectContaining({ id: 'jonas', pin_hash: null })]),
  );
  expect(JSON.stringify(body)).not.toContain('scrypt');
});

test('[U27] who is signed in is so after a restart of the till', async () => {
  const page = await Page.open(till.url);
  await page.signIn('4321');
  const { cookie } = page;
  const { port } = new URL(till.url);
  await till.stop();
  till = await stage.openTill({ PORT: port });
  expect(await sessionWith(cookie)).toMatchObject({ staff: { id: 'jonas' } });
  // The other till of one machine has sessions of its own, though its cookies go to the same host.
  await till.stop();
  till = await stage.openTill();
  expect(await sessionWith(cookie)).toMatchObject({ staff: null });
});

/** The session of a browser that was there before: over a new connection, since the old till's are gone. */
async function sessionWith(cookie: string): Promise<unknown> {
  const asked = get(`${till.url}/api/session`, { agent: false, headers: { cookie } });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return json(answer);
}

test('[U29] nobody signs out while sales wait, unless a manager has exported them; the export opens with its words alone', async () => {
  const page = await Page.open(till.url);
  await page.signIn('4321');
  await page.sell(await page.edit(add('B')));
  const { unsent_sales: unsent } = await till.state();
  expect(await page.ask('POST', 'session/sign-out', {})).toMatchObject({
    status: 409,
    body: { code: 'unsent_sales', detail: expect.stringContaining(`${unsent} sale`) },
  });
  const passphrase = 'correct horse battery';
  expect(await page.ask('POST', 'sales/export', { pin: '4321', passphrase })).toMatchObject({
    status: 403,
    body: { code: 'manager_needed' },
  });
  const { status, body } = await page.ask('POST', 'sales/export', { pin: '1234', passphrase });
  expect({ status, count: body['count'] }).toEqual({ status: 200, count: unsent });
  const file = String(body['file']);
  expect(existsSync(file)).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const text = readFileSync(file, 'utf8');
  expect(text).not.toContain('jonas');
  const { sales } = await openExport(text, passphrase);
  expect(sales).toHaveLength(unsent);
  await expect(openExport(text, 'another passphrase')).rejects.toMatchObject({ code: 'secret_unreadable' });
  await expect(openExport(text.slice(0, -40), passphrase)).rejects.toMatchObject({
    code: 'secret_unreadable',
  });
  expect(await page.ask('POST', 'session/sign-out', {})).toMatchObject({
    status: 200,
    body: { staff: null },
  });
  expect(await till.state()).toMatchObject({ unsent_sales: unsent });
});

test('[U27] after five wrong PINs none is tried for a while, nor after a restart', async () => {
  const page = await Page.open(till.url);
  const guesses = ['0000', '1111', '2222', '3333', '5555'];
  for (const pin of guesses) expect(await page.signIn(pin)).toMatchObject({ body: { code: 'pin_wrong' } });
  const refused = { status: 429, body: { code: 'rate_limited', detail: expect.stringMatching(/in \d+ s/) } };
  expect(await page.signIn('4321')).toMatchObject(refused);
  await till.stop();
  till = await stage.openTill();
  const again = await Page.open(till.url);
  expect(await again.signIn('4321')).toMatchObject(refused);
});

test('[U27] each wait is twice the one before, up to a quarter of an hour, whatever the clock does', () => {
  let tries = NO_TRIES;
  const waits: number[] = [];
  for (let wrong = 0; wrong < 12; wrong += 1) {
    tries = afterWrong(tries, 1_000_000);
    waits.push(waitMsOf(tries, 1_000_000) / 1_000);
  }
  expect(waits).toEqual([0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
  expect(waitMsOf(tries, 0)).toBe(900_000);
  expect(waitMsOf(tries, 99_000_000)).toBe(0);
});
