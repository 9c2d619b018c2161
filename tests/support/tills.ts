import { silentLogger } from '@tillcast/broker';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import type { ItemsAnswer, SyncNowAnswer, TerminalState } from '@tillcast/protocol/http/terminal-api';
import { CSRF_HEADER, type TillSession } from '@tillcast/protocol/http/till-api';
import { ITEM_KINDS } from '@tillcast/protocol/items/kind';
import { parseTerminalConfig, type RunningTerminal, startTerminal } from '@tillcast/terminal';
import { freePort } from '@tillcast/testkit';
import { vi } from 'vitest';
import type { TestSystem } from './system.ts';

/** Starts a real terminal on the test's backend and broker; one name keeps one store. @param syncApiUrl where it asks */
export async function startTill(
  system: TestSystem,
  licenseKey: string,
  name: string,
  syncApiUrl: string = system.backend.url,
): Promise<RunningTerminal> {
  const config = parseTerminalConfig({
    LICENSE_KEY: licenseKey,
    SYNC_API_URL: syncApiUrl,
    AMQP_URL: system.virtualHost.amqpUrl,
    TILLCAST_DATA_DIR: system.folder(name),
    PORT: String(await freePort()),
  });
  return startTerminal(config, { logger: silentLogger });
}

export function stateOf(till: RunningTerminal): Promise<TerminalState> {
  return read(`${till.url}/api/state`);
}

export function itemsOf(till: RunningTerminal, kind: string): Promise<ItemsAnswer> {
  return read(`${till.url}/api/items/${kind}`);
}

/** Has a till ask its server now, as its page does. */
export async function syncNow(till: Pick<RunningTerminal, 'url'>): Promise<SyncNowAnswer> {
  const session = await fetch(`${till.url}/api/session`);
  const { csrf } = (await session.json()) as TillSession;
  const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
  const headers = { cookie, [CSRF_HEADER]: csrf };
  const answer = await fetch(`${till.url}/api/sync`, { method: 'POST', headers });
  if (!answer.ok) throw new Error(`Sync now: ${answer.status}`);
  return (await answer.json()) as SyncNowAnswer;
}

/** The digest of what a till shows to whoever asks, computed here from its answers alone. */
export async function shownDigest(till: RunningTerminal): Promise<string> {
  const sum = new DigestSum();
  for (const kind of ITEM_KINDS) {
    const { items } = await itemsOf(till, kind);
    for (const item of items) sum.add(rowDigest(kind, item.id, JSON.stringify(item)));
  }
  return sum.toString();
}

/** Waits until a check passes, and fails with the check's own reason when it does not. */
export function becomes(check: () => Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000, interval: 50 });
}

async function read<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return (await answer.json()) as T;
}
