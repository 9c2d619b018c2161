import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { silentLogger } from '@tillcast/broker';
import { AuditVerifier } from '@tillcast/protocol/audit';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { listAudit } from '../../src/audit/list-audit.ts';
import { linesOfBackup } from '../../src/backup/backup-stream.ts';
import { BACKUP_TABLES, TRANSIENT_TABLES } from '../../src/backup/backup-tables.ts';
import { createBackup } from '../../src/backup/create-backup.ts';
import { type Restored, restoreBackup } from '../../src/backup/restore-backup.ts';
import { commit } from '../../src/catalog/commit.ts';
import type { Database } from '../../src/database/database.ts';
import { type DatabaseLocation, openAsItIs } from '../../src/database/open-database.ts';
import { statement, textColumn } from '../../src/database/statement.ts';
import { findBacklog } from '../../src/relay/publication-statements.ts';
import {
  applyWholeDelta,
  context,
  newLicense,
  open,
  product,
  remove,
  setPrice,
  snapshotOf,
} from '../contract/fixture.ts';
import { asOwner } from '../database/as-owner.ts';
import { ENGINES } from './engines.ts';

const ALL_SHARDS = Array.from({ length: 16 }, (_, shard) => shard);

/** Two licenses: one with products, a price change and a tombstone, and one with nothing. */
async function someLicenses(database: Database): Promise<{ shop: LicenseKey; empty: LicenseKey }> {
  const shop = await newLicense(database, 'SHOP');
  const empty = await newLicense(database, 'EMPTY');
  const items = Array.from({ length: 2_500 }, (_, index) =>
    product(`P-${index}`, 1, { name: 'Kaffee "größer" \\ ☕' }),
  );
  for (const operations of [items, [setPrice('P-1', 12.99)], [remove('product', 'P-2')]]) {
    await commit(database, shop, operations, context);
  }
  return { shop, empty };
}

async function restored(location: DatabaseLocation, path: string): Promise<Restored> {
  await using target = await openAsItIs(location, { logger: silentLogger });
  return await restoreBackup(target, linesOfBackup(path), context);
}

for (const [engine, emptyPlace] of Object.entries(ENGINES)) {
  test(`[Z1] a restore on ${engine} brings every license back as it was, under a new epoch, and goes on from there`, async () => {
    await using from = await emptyPlace();
    await using to = await emptyPlace();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'tillcast-backup-'));
    const path = join(folder.path, 'backup.gz');
    await using database = await open(from.location);
    const { shop, empty } = await someLicenses(database);
    const before = await snapshotOf(database, shop);
    const auditBefore = await listAudit(database, { after: 0, limit: 1 });

    await createBackup(database, path, context);
    await commit(database, shop, [setPrice('P-1', 1.5)], context);
    const said = await restored(to.location, path);
    expect(said.licenses).toBe(2);

    await using other = await open(to.location);
    const after = await snapshotOf(other, shop);
    expect(after).toEqual({ ...before, epoch: expect.not.stringMatching(before.epoch) });
    expect((await snapshotOf(other, empty)).content.size).toBe(0);
    const delta = { epoch: before.epoch, since: before.version, limit: 100 };
    await expect(applyWholeDelta(other, shop, delta, new Map())).rejects.toThrow('gone');
    expect(await findBacklog(other, ALL_SHARDS)).toEqual([]);

    const next = await commit(other, shop, [setPrice('P-1', 2)], context);
    expect(next.version).toBe(before.version + 1);
    expect((await snapshotOf(other, await newLicense(other))).version).toBe(0);

    const { entries, head } = await listAudit(other, { after: 0, limit: 100 });
    const verifier = new AuditVerifier(auditBefore.head);
    expect(entries.map((entry) => verifier.add(entry)).filter((broken) => broken !== null)).toEqual([]);
    expect(verifier.end(head)).toBe(null);
    expect(entries.map(({ act }) => act)).toContain('backup.restored');
  });

  test(`[Z2] a backup that was cut off or changed restores nothing on ${engine}`, async () => {
    await using from = await emptyPlace();
    await using to = await emptyPlace();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'tillcast-backup-'));
    const path = join(folder.path, 'backup.gz');
    await using database = await open(from.location);
    await someLicenses(database);
    await createBackup(database, path, context);
    const whole = gunzipSync(await readFile(path)).toString('utf8');
    const lines = whole.split('\n');
    await using target = await openAsItIs(to.location, { logger: silentLogger });
    const restoreOf = (text: readonly string[]): Promise<Restored> =>
      restoreBackup(target, Readable.from(text), context);

    const damage = {
      'without its end': lines.slice(0, -2),
      'without a row': lines.toSpliced(20, 1),
      'with a price that was changed': whole.replace('12.99', '12.98').split('\n').slice(0, -1),
      'with a row twice': lines.toSpliced(20, 0, lines[20] ?? '').slice(0, -1),
      'with a table of its own': lines.toSpliced(1, 0, '{"table":"pg_authid"}', '{"row":{}}').slice(0, -1),
      empty: [],
      'something else': ['{"products":[]}'],
    };
    for (const [what, text] of Object.entries(damage)) {
      await expect(restoreOf(text), what).rejects.toMatchObject({ code: 'backup_damaged' });
    }
    const half = join(folder.path, 'half.gz');
    const compressed = await readFile(path);
    await writeFile(half, compressed.subarray(0, compressed.length / 2));
    await expect(restoreBackup(target, linesOfBackup(half), context)).rejects.toMatchObject({
      code: 'backup_damaged',
    });
    expect((await restoreOf(lines.slice(0, -1))).licenses).toBe(2);
    await expect(restoreOf(lines.slice(0, -1))).rejects.toMatchObject({ code: 'database_not_empty' });
  });

  test(`[Z3] every table of the schema is in a backup, or named as one that no backup needs, on ${engine}`, async () => {
    await using place = await emptyPlace();
    await using database = await open(place.location);
    const tables = await database.query(LIST_TABLES);
    const known = [...BACKUP_TABLES.map(({ name }) => name), ...TRANSIENT_TABLES];
    expect(tables.map(({ name }) => name).toSorted()).toEqual(known.toSorted());
  });

  test(`[Z1] after a restore row-level security is forced and the audit log closed again on ${engine}`, async () => {
    await using from = await emptyPlace();
    await using to = await emptyPlace();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'tillcast-backup-'));
    const path = join(folder.path, 'backup.gz');
    await using database = await open(from.location);
    const { shop } = await someLicenses(database);
    await createBackup(database, path, context);
    await restored(to.location, path);
    await using other = await open(to.location);
    const forced = async (of: Database): Promise<unknown> => of.query(LIST_FORCED);
    const triggers = async (of: Database): Promise<unknown> => of.query(LIST_TRIGGERS);
    expect(await forced(other)).toEqual(await forced(database));
    expect(await triggers(other)).toEqual(await triggers(database));
    const stranger = await newLicense(other);
    expect(await other.ofLicense(stranger).query(LIST_ITEMS)).toEqual([]);
    expect((await other.ofLicense(shop).query(LIST_ITEMS)).length).toBe(2_500);
    for (const change of [
      'DELETE FROM audit_log',
      'DELETE FROM audit_head',
      'UPDATE audit_head SET number = 0',
    ]) {
      await expect(asOwner(other, change), change).rejects.toThrow('only ever appended to');
    }
  });
}

const LIST_TABLES = statement<{ name: string }>(
  'test_list_tables',
  'SELECT tablename::text AS name FROM pg_catalog.pg_tables WHERE schemaname = current_schema()',
  { name: textColumn },
);

const LIST_FORCED = statement<{ name: string }>(
  'test_list_forced',
  'SELECT relname::text AS name FROM pg_catalog.pg_class WHERE relforcerowsecurity ORDER BY 1',
  { name: textColumn },
);

const LIST_TRIGGERS = statement<{ name: string; enabled: string }>(
  'test_list_triggers',
  `SELECT tgname::text AS name, tgenabled::text AS enabled FROM pg_catalog.pg_trigger
  WHERE NOT tgisinternal ORDER BY 1`,
  { name: textColumn, enabled: textColumn },
);

const LIST_ITEMS = statement<{ id: string }>('test_list_items', 'SELECT id FROM items', { id: textColumn });
