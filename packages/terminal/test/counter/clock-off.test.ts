import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage, type Till } from '../running-till.ts';
import { add, Page } from './page.ts';

const DAYS_2_MS = 2 * 86_400_000;

let stage: Stage;
let till: Till;

beforeAll(async () => {
  stage = await Stage.set();
  // To the till it is the same whose clock is wrong.
  stage.backend.distort = (path, answer) =>
    path.startsWith(SYNC_PATHS.status)
      ? { ...answer, synced_at: new Date(Date.now() - DAYS_2_MS).toISOString() }
      : answer;
  till = await stage.openLiveTill();
});
afterAll(async () => {
  await till.stop();
  await stage[Symbol.asyncDispose]();
});

test('[U32] a till whose clock is two days ahead says so, is live, and its sales carry the server’s time', async () => {
  const { clock_ahead_s: ahead } = await till.state();
  expect(Math.abs((ahead ?? 0) * 1_000 - DAYS_2_MS)).toBeLessThan(60_000);
  const page = await Page.open(till.url);
  const { sale } = await page.sell(await page.edit(add('A')));
  const offMs = Date.now() - DAYS_2_MS - Date.parse(sale.sold_at);
  expect(Math.abs(offMs)).toBeLessThan(60_000);
});
