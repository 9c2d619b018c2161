import { BrokerConnection, createFetch, Subscriber, silentLogger } from '@tillcast/broker';
import { ASSERTION_TYPE, IDENTITY_PATHS, tokenAnswerSchema } from '@tillcast/protocol/http/identity-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { bindingsOf } from '@tillcast/protocol/routing';
import { signAssertion } from '../../packages/terminal/src/identity/assertion.ts';
import { newTillKey, type TillKey } from '../../packages/terminal/src/identity/till-key.ts';
import { TokenCredentials } from '../../packages/terminal/src/identity/token-credentials.ts';
import { systemTillClock } from '../../packages/terminal/src/replica/till-clock.ts';
import { SyncClient } from '../../packages/terminal/src/sync-client/sync-client.ts';
import type { SecuredSystem } from './secured-system.ts';

/** An activated till. */
export interface Till {
  readonly licenseKey: LicenseKey;
  readonly terminalId: string;
  readonly key: TillKey;
}

/**
 * Makes licenses and tills by SQL, as if activated: an activation costs a slow hash on purpose, and is not what
 * is measured.
 */
export async function makeTills(
  { database }: SecuredSystem,
  { count, licenses }: { readonly count: number; readonly licenses: number },
): Promise<readonly Till[]> {
  const licenseIds: number[] = [];
  for (let index = 0; index < licenses; index += 1) {
    const { rows } = await database.query<{ id: number }>(
      `WITH license AS (
        INSERT INTO licenses (key, name, term, created_at, terminals_max)
        VALUES ($1, $1, 'OTHER', now(), 100000) RETURNING id
      ), catalog AS (INSERT INTO catalogs (license_id, epoch) SELECT id, 'benchepoch' FROM license),
      publication AS (INSERT INTO publications (license_id, shard) SELECT id, $2 FROM license)
      SELECT id FROM license`,
      [keyOf(index), index % 16],
    );
    for (const { id } of rows) licenseIds.push(id);
  }
  const tills: Till[] = [];
  for (let index = 0; index < count; index += 1) {
    const key = await newTillKey();
    const till = { licenseKey: keyOf(index % licenses), terminalId: crypto.randomUUID(), key };
    await database.query(
      `INSERT INTO terminals (license_id, terminal_id, name, public_key, activated_at)
      VALUES ($1, $2, 'Bench', $3, now())`,
      [licenseIds[index % licenses], till.terminalId, JSON.stringify(key.publicKey)],
    );
    tills.push(till);
  }
  return tills;
}

function keyOf(index: number): LicenseKey {
  return parseLicenseKey(`BENCH-ATTACH-${index}`);
}

const tillFetch = createFetch(null);

/** A till's access token, as the token client gets it. */
export async function tokenOf(
  { backendUrl, issuer }: Pick<SecuredSystem, 'backendUrl' | 'issuer'>,
  { terminalId, key }: Pick<Till, 'terminalId' | 'key'>,
): Promise<string> {
  const assertion = await signAssertion({ terminalId, issuer, nowMs: Date.now() }, key);
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
  });
  const answer = await fetch(backendUrl + IDENTITY_PATHS.token, { method: 'POST', body });
  return tokenAnswerSchema.parse(await answer.json()).access_token;
}

/** Attaches a till with the real token client, connection, subscriber and sync client; resolves when it has its proof. */
export async function attachTill(
  { backendUrl, amqpUrl, issuer }: SecuredSystem,
  { licenseKey, terminalId, key }: Till,
): Promise<() => Promise<void>> {
  const clock = systemTillClock;
  const credentials = new TokenCredentials({
    backendUrl,
    fetch: tillFetch,
    terminalId,
    issuer,
    key,
    clock,
    monotonicMs: () => performance.now(),
    random: Math.random,
    logger: silentLogger,
    onToken: () => undefined,
    licenseKey,
    terminalName: 'Bench',
    brokerUrls: [amqpUrl],
  });
  const attached = Promise.withResolvers<void>();
  const connection = new BrokerConnection({
    urls: credentials.brokerUrls,
    credentials: credentials.broker,
    connectionName: 'bench till',
    logger: silentLogger,
  });
  const subscriber = new Subscriber({
    connection,
    terminalId,
    bindings: bindingsOf(licenseKey),
    handler: () => undefined,
    onError: attached.reject,
    onAttached: () => attached.resolve(),
    onDetached: () => undefined,
  });
  credentials.start(connection, {
    refused: (code) => attached.reject(new Error(`the till was refused: ${code}`)),
    admitted: () => undefined,
  });
  connection.start();
  subscriber.start();
  await attached.promise;
  const client = new SyncClient({ baseUrl: backendUrl, licenseKey, credentials, fetch: tillFetch }, () =>
    clock.nowMs(),
  );
  const report = { cursor: null, unsent_sales: 0, clock: new Date().toISOString() };
  const { outcome } = await client.report(report, AbortSignal.timeout(30_000));
  if (outcome !== 'answered') throw new Error(`the proof of version was ${outcome}`);
  return async () => {
    await credentials.stop();
    await subscriber.stop();
    await connection.stop();
  };
}
