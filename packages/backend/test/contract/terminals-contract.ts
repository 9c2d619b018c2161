import { randomUUID } from 'node:crypto';
import { broadcastRequestSchema } from '@tillcast/protocol/http/admin-api';
import type { StatusReport } from '@tillcast/protocol/http/status-api';
import { decodeMessage } from '@tillcast/protocol/messages/envelope';
import { expect, test } from 'vitest';
import { createBroadcast } from '../../src/broadcasts/create-broadcast.ts';
import { commit } from '../../src/catalog/commit.ts';
import type { Database } from '../../src/database/database.ts';
import { writeReports } from '../../src/fleet/report-statements.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { readWaitingBroadcasts } from '../../src/relay/broadcast-statements.ts';
import { listTerminals } from '../../src/terminals/list-terminals.ts';
import { context, newLicense, product } from './fixture.ts';

export function terminalsContract(database: () => Database): void {
  test('a terminal’s last report is compared with what its license has', async () => {
    const key = await newLicense(database());
    await commit(database(), key, [product('P1')], context);
    const { id, epoch, digest } = await getLicense(database(), key);
    await commit(database(), key, [product('P2')], context);
    const terminal = randomUUID();
    const at = new Date('2026-11-23T14:00:00.000Z');
    const report = async (cursor: StatusReport['cursor']): Promise<unknown> => {
      const clock = '2026-11-23T14:00:01.500Z';
      const said = { cursor, unsent_sales: 2, clock };
      await writeReports(database(), [
        { licenseId: id, terminalId: terminal, isProven: false, at, report: said },
      ]);
      const all = await listTerminals(database());
      return all.filter((each) => each.terminal_id === terminal);
    };
    const same = {
      terminal_id: terminal,
      license_key: key,
      name: '',
      standing: 'unactivated',
      activated_at: null,
      last_seen_at: '2026-11-23T14:00:00.000Z',
      unsent_sales: 2,
      clock_offset_ms: 1_500,
    };
    const nothing = { epoch: null, version: null, behind: null, digest_matches: null };
    expect(await report(null)).toEqual([{ ...same, ...nothing }]);
    expect(await report({ epoch, version: 1, digest })).toEqual([
      { ...same, epoch, version: 1, behind: 1, digest_matches: true },
    ]);
    expect(await report({ epoch, version: 2, digest })).toEqual([
      { ...same, epoch, version: 2, behind: 0, digest_matches: false },
    ]);
    expect(await report({ epoch, version: 0, digest: '0000000000000000' })).toEqual([
      { ...same, epoch, version: 0, behind: 2, digest_matches: true },
    ]);
    expect(await report({ epoch: 'anotherhistory', version: 9, digest })).toEqual([
      { ...same, epoch: 'anotherhistory', version: 9, behind: null, digest_matches: null },
    ]);
  });

  test('a broadcast waits until it expires', async () => {
    const request = broadcastRequestSchema.parse({
      type: 'system_notice',
      message: 'Closing early',
      expires_in_s: 60,
    });
    const expired = await createBroadcast(database(), request, {
      ...context,
      now: () => new Date(Date.now() - 120_000),
    });
    const made = await createBroadcast(database(), request, context);
    const waiting = await readWaitingBroadcasts(database());
    expect(waiting.map(({ id }) => id)).toContain(made.id);
    expect(waiting.map(({ id }) => id)).not.toContain(expired.id);
    const message = decodeMessage(waiting.find(({ id }) => id === made.id)?.message ?? '');
    expect(message).toMatchObject({ id: made.id, license_key: '*', expires_at: made.expires_at });
  });
}
