import { createServer, type Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { DigestSum, EMPTY_DIGEST, rowDigest } from '@tillcast/protocol/digest';
import { freePort, freshDatabase } from '@tillcast/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { queryOnce } from './support/queries.ts';
import { TruthChecker } from './support/truth-checker.ts';

const SHOP = 'CHECKER-LIFE-SHOP1';
const EPOCH = 'epoch-of-today';
/** In the place of the twenty seconds that a till's proof lasts. */
const PROOF_MAX_AGE_MS = 150;
const NEWEST = 3;

/** What a till tells whoever stands at it. */
interface Told {
  readonly status: string;
  readonly epoch: string;
  readonly version: number;
  readonly digest: string;
  readonly pence: number;
}

/** The shop's only product at a version: each change raises its price. */
function productAt(pence: number): { readonly id: string; readonly pence: number } {
  return { id: 'P', pence };
}

function digestAt(pence: number): string {
  const sum = new DigestSum();
  sum.add(rowDigest('product', 'P', JSON.stringify(productAt(pence))));
  return sum.toString();
}

function honest(version: number, status: string = 'live'): Told {
  return { status, epoch: EPOCH, version, digest: digestAt(version), pence: version };
}

/** A database of one license at version 3, and something that answers as a till does and tells what it is told to. */
async function setScene(): Promise<{
  readonly checker: TruthChecker;
  readonly tell: (told: Told) => void;
  readonly databaseUrl: string;
}> {
  const database = await freshDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  await queryOnce(
    database.url,
    `CREATE TABLE licenses (id integer, key text);
    CREATE TABLE catalogs (license_id integer, epoch text, version bigint, digest text);
    CREATE TABLE changes (license_id integer, version bigint, digest text);
    INSERT INTO licenses VALUES (1, '${SHOP}');
    INSERT INTO catalogs VALUES (1, '${EPOCH}', ${NEWEST}, '${digestAt(NEWEST)}');
    INSERT INTO changes VALUES ${[1, 2, NEWEST].map((version) => `(1, ${version}, '${digestAt(version)}')`).join(', ')}`,
  );
  let told = honest(NEWEST);
  const port = await freePort();
  const till = createServer((request, response) => {
    const items = request.url === '/api/items/product' ? [productAt(told.pence)] : [];
    response.end(JSON.stringify(request.url === '/api/state' ? told : { items }));
  });
  await listening(till, port);
  onTestFinished(() => {
    till.closeAllConnections();
    till.close();
  });
  const checker = new TruthChecker({
    databaseUrl: database.url,
    tills: () => [{ name: 'till', licenseKey: SHOP, url: () => `http://127.0.0.1:${port}` }],
    proofMaxAgeMs: PROOF_MAX_AGE_MS,
  });
  // What it found is what the test asserts.
  onTestFinished(() => checker.stop().catch(() => undefined));
  return { checker, databaseUrl: database.url, tell: (next) => (told = next) };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => void server.listen(port, '127.0.0.1', resolve));
}

test('a till that tells the truth is believed, live or behind', async () => {
  const { checker, tell } = await setScene();
  tell(honest(1, 'catching_up'));
  await checker.check();
  await pause(PROOF_MAX_AGE_MS * 2);
  tell(honest(2, 'offline'));
  await checker.check();
  tell(honest(NEWEST));
  await checker.check();
  await checker.checkStates();
  expect(checker.tally).toEqual({ states: 4, live: 2, contents: 3 });
  await checker.stop();
});

test('a till may be live without a change for as long as its proof lasts, and not after', async () => {
  const { checker, tell } = await setScene();
  tell(honest(2));
  await checker.check();
  await pause(PROOF_MAX_AGE_MS * 2);
  await expect(checker.checkStates()).rejects.toThrow(
    /till says "live", and the server has had version 3 for/,
  );
});

test('a till that is live in an epoch that is over is named', async () => {
  const { checker, tell, databaseUrl } = await setScene();
  await checker.check();
  await queryOnce(
    databaseUrl,
    `UPDATE catalogs SET epoch = 'a newer one', version = 0, digest = '${EMPTY_DIGEST}'`,
  );
  await queryOnce(databaseUrl, 'DELETE FROM changes');
  tell(honest(NEWEST));
  await checker.checkStates();
  await pause(PROOF_MAX_AGE_MS * 2);
  await expect(checker.checkStates()).rejects.toThrow(/the server has had epoch a newer one for/);
});

test.each([
  { lie: 'shows another price than its digest is of', told: { ...honest(NEWEST), pence: 7 } },
  { lie: 'has a digest that is not of its rows', told: { ...honest(NEWEST), digest: digestAt(7) } },
  {
    lie: 'has rows and a digest that the server never had',
    told: { ...honest(NEWEST), pence: 7, digest: digestAt(7) },
  },
  { lie: 'has the content of another version', told: { ...honest(NEWEST), pence: 2, digest: digestAt(2) } },
  { lie: 'shows something wrong while it is not live', told: { ...honest(NEWEST, 'offline'), pence: 7 } },
  { lie: 'is at a version that there never was', told: { ...honest(NEWEST), version: 9 } },
])('a till that $lie is named', async ({ told }) => {
  const { checker, tell } = await setScene();
  tell(told);
  await expect(checker.check()).rejects.toThrow(/till at version \d of epoch-of-today: its rows sum up to/);
});

test('a till that goes back to an older version is named, also where that is the truth of the older one', async () => {
  const { checker, tell } = await setScene();
  await checker.check();
  tell(honest(2, 'catching_up'));
  await expect(checker.checkStates()).rejects.toThrow(
    'till went back from version 3 to 2 of epoch-of-today.',
  );
});

test('where no till was ever live, nothing was shown', async () => {
  const { checker, tell } = await setScene();
  tell(honest(2, 'offline'));
  await checker.check();
  await expect(checker.stop()).rejects.toThrow('No live till was seen');
});
