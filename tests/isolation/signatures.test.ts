import { generateKeyPairSync, hash, sign } from 'node:crypto';
import type { Delivery } from '@tillcast/broker';
import { decodeContent } from '@tillcast/broker';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import type { ActivityAnswer, TerminalState } from '@tillcast/protocol/http/terminal-api';
import { formatSignature, SIGNATURE_HEADER, signedText } from '@tillcast/protocol/messages/signature';
import type { RunningTerminal } from '@tillcast/terminal';
import { type ConfirmChannel, connect } from 'amqplib';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Listener, listenAs } from '../support/listener.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { becomes, itemsOf, startTill, stateOf, syncNow } from '../support/tills.ts';

/*
 * The broker's own operator is the attacker: every permission, every queue, and all that was ever published.
 * The till is a real one. Whatever is put into its queue, what it shows is what the server committed.
 */

const A = 'EXTRO-LIFE-ABC123';
const B = 'EXTRO-LIFE-XYZ789';
const PRICE_OF_A = 3;

const product = (price: number): unknown => ({
  op: 'put',
  kind: 'product',
  item: { id: 'P', name: 'Flat white', price, currency: 'GBP' },
});
const setPrice = (price: number): unknown => ({ op: 'set_price', product_id: 'P', price });

let things: AsyncDisposableStack;
let system: TestSystem;
let database: Client;
let channel: ConfirmChannel;
let heardOfA: Listener;
let heardOfB: Listener;
let till: RunningTerminal;

beforeAll(async () => {
  await using opened = new AsyncDisposableStack();
  system = opened.use(await startTestSystem([A, B], 'postgresql'));
  if (system.config.database.engine !== 'postgresql') throw new Error('This wants PostgreSQL.');
  const client = new Client({ connectionString: system.config.database.url });
  await client.connect();
  opened.defer(() => client.end());
  database = client;
  const connection = await connect(system.virtualHost.amqpUrl);
  opened.defer(() => connection.close());
  channel = await connection.createConfirmChannel();
  heardOfA = opened.use(await listenAs(A, system.virtualHost.amqpUrl));
  heardOfB = opened.use(await listenAs(B, system.virtualHost.amqpUrl));
  await system.commit(A, product(PRICE_OF_A));
  await system.commit(B, product(66));
  till = await startTill(system, A, 'till');
  opened.defer(() => till.stop());
  await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live', version: 1 }));
  things = opened.move();
});

afterAll(() => things.disposeAsync());

/** Before each attack and after it: the till is live with what the server has. */
beforeEach(() => becomes(async () => expect((await stateOf(till)).status).toBe('live')));

test('[E7] [P1] a message of another license is refused by its content, and by its routing key', async () => {
  const { version } = await system.commit(B, setPrice(67));
  const message = await heard(heardOfB, version);
  await refused('message_foreign_license', () =>
    publish(message, { routingKey: `license.${A}.price_update` }),
  );
  // Routed as B's own, with a copy for A's queue.
  await refused('message_foreign_license', () => publish(message, { CC: [`license.${A}.price_update`] }));
  await showsWhatTheServerHas();
});

test('[E7] a forged message is refused: unsigned, with a signature of another message, with a key of its own, with one that is none', async () => {
  const { version } = await system.commit(A, setPrice(4));
  const back = await system.commit(A, setPrice(PRICE_OF_A));
  const real = await heard(heardOfA, version);
  await becomes(async () => expect(await stateOf(till)).toMatchObject({ version: back.version }));
  const forged = forgedAfter(await stateOf(till), real);
  await refused('message_unsigned', () => publish(forged, { headers: {} }));
  await refused('message_signature_invalid', () => publish(forged, { headers: real.headers }));
  await refused('message_signature_invalid', () =>
    publish(forged, { headers: { [SIGNATURE_HEADER]: 'none' } }),
  );
  const { kid, header } = signedByAnother(forged);
  await refused('message_key_unknown', () => publish(forged, { headers: { [SIGNATURE_HEADER]: header } }));
  // Under the name of a key that the server has, it is not one of the server's either.
  const [ownKid = ''] = String(real.headers[SIGNATURE_HEADER]).split('.');
  const borrowed = { [SIGNATURE_HEADER]: header.replace(kid, ownKid) };
  await refused('message_signature_invalid', () => publish(forged, { headers: borrowed }));
  await showsWhatTheServerHas();
  const { activity } = (await (await fetch(`${till.url}/api/activity`)).json()) as ActivityAnswer;
  expect(activity.map(({ type, summary }) => `${type}: ${summary}`)).toEqual(
    expect.arrayContaining([
      'message_refused: Refused 1 message: not signed by the server',
      'message_refused: Refused 1 message: signed by somebody unknown',
    ]),
  );
});

test('[E7] a signed body whose head is altered is refused: its version, its license, its routing', async () => {
  const { version } = await system.commit(A, setPrice(5));
  const back = await system.commit(A, setPrice(PRICE_OF_A));
  const real = await heard(heardOfA, version);
  await becomes(async () => expect(await stateOf(till)).toMatchObject({ version: back.version }));
  const state = await stateOf(till);
  const altered = altering(real, { version: (state.version ?? 0) + 1 });
  await refused('message_signature_invalid', () => publish(altered, { headers: real.headers }));
  const ofB = await heard(heardOfB, 1);
  const asA = altering(ofB, { license_key: A, version: (state.version ?? 0) + 1 });
  await refused('message_signature_invalid', () =>
    publish(asA, { headers: ofB.headers, routingKey: `license.${A}.product_update` }),
  );
  await refused('message_misrouted', () => publish(real, { routingKey: `license.${A}.product_update` }));
  await showsWhatTheServerHas();
});

test('[E7] a broadcast is shown only where the server signed it', async () => {
  const said = await system.admin(ADMIN_PATHS.broadcasts, {
    type: 'system_notice',
    message: 'Cards are back',
  });
  expect(said.status).toBe(202);
  await becomes(async () => expect((await stateOf(till)).notices).toHaveLength(1));
  await heardOfA.until(({ type }) => type === 'broadcast.system_notice');
  const real = heardOfA.deliveries.find(({ type }) => type === 'broadcast.system_notice');
  if (real === undefined) throw new Error('It was just there.');
  const id = crypto.randomUUID();
  const forged = altering(real, { id, payload: { message: 'Pay to 12-34-56', severity: 'warning' } });
  await refused('message_signature_invalid', () => publish(forged, { headers: real.headers }));
  await refused('message_unsigned', () => publish(forged, { headers: {} }));
  expect((await stateOf(till)).notices.map(({ message }) => message)).toEqual(['Cards are back']);
});

test('[E7] a replayed message of the license changes nothing: an old one is stale', async () => {
  const { version } = await system.commit(A, setPrice(7));
  await system.commit(A, setPrice(PRICE_OF_A));
  const old = await heard(heardOfA, version);
  await becomes(async () => expect(await stateOf(till)).toMatchObject({ version: version + 1 }));
  await refused('stale', () => publish(old));
  await showsWhatTheServerHas();
});

test('[E7] a signed message of another history changes nothing, though its version would be the next', async () => {
  const before = await stateOf(till);
  const { version } = await system.commit(A, setPrice(8));
  await system.commit(A, setPrice(PRICE_OF_A));
  const lost = await heard(heardOfA, version);
  await becomes(async () => expect(await stateOf(till)).toMatchObject({ version: version + 1 }));
  await restoredFromBackup(before.version ?? 0);
  await becomes(async () =>
    expect(await stateOf(till)).toMatchObject({ status: 'live', version: version - 1, epoch: 'restored01' }),
  );
  await refused('foreign_epoch', () => publish(lost));
  await showsWhatTheServerHas();
  expect(await stateOf(till)).toMatchObject({ version: version - 1, epoch: 'restored01' });
});

test('[E3] [E8] message keys are rotated in mid-stream, twice, and no message is missed', async () => {
  // Not the till of the attacks: it has just asked for the key of one of them.
  await using opened = new AsyncDisposableStack();
  const other = await startTill(system, A, 'another till');
  opened.defer(() => other.stop());
  let last = 0;
  // The restore of before was one under a running backend, whose relay still counts versions as published that were so in the
  // history that is gone. Past these every change goes out again.
  for (let price = 90; price < 95; price += 1) ({ version: last } = await system.commit(A, setPrice(price)));
  await becomes(async () => expect(await stateOf(other)).toMatchObject({ status: 'live', version: last }));
  const counts = await countsOf(other);
  const keysBefore = await publishedKids();
  for (let price = 100; price < 160; price += 1) {
    ({ version: last } = await system.commit(A, setPrice(price)));
    if (price === 120 || price === 140) await rotateMessageKey();
  }
  await becomes(async () => expect(await stateOf(other)).toMatchObject({ status: 'live', version: last }));
  const more = async (): Promise<Readonly<Record<string, number>>> => {
    const after = Object.entries(await countsOf(other));
    return Object.fromEntries(after.map(([name, count]) => [name, count - (counts[name] ?? 0)]));
  };
  // A report on the way may have brought a change before its message.
  await becomes(async () => expect((await more())['message_received']).toBeGreaterThanOrEqual(60));
  const troubles = Object.entries(await more()).filter(
    ([name, count]) => (name === 'gap' || /^message_(?!received)/.test(name)) && count > 0,
  );
  expect(troubles).toEqual([]);
  const signers = new Set(
    heardOfA.deliveries.slice(-60).map(({ headers }) => String(headers[SIGNATURE_HEADER]).split('.')[0]),
  );
  expect(signers.size).toBe(3);
  expect((await publishedKids()).length).toBe(keysBefore.length + 2);
});

/** Makes the operator's attempt, and waits until the till has counted it. */
async function refused(name: string, attempt: () => Promise<void>): Promise<void> {
  const before = await countsOf(till);
  await attempt();
  await becomes(async () => {
    const after = await countsOf(till);
    expect({ before, after, counted: (after[name] ?? 0) > (before[name] ?? 0) }).toMatchObject({
      counted: true,
    });
  });
}

async function showsWhatTheServerHas(): Promise<void> {
  await becomes(async () => expect((await stateOf(till)).status).toBe('live'));
  const { items } = await itemsOf(till, 'product');
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ id: 'P', name: 'Flat white', price: PRICE_OF_A });
}

interface Sendable {
  readonly routingKey: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

async function publish(
  { routingKey, headers, body }: Sendable,
  other: {
    readonly routingKey?: string;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly CC?: readonly string[];
  } = {},
): Promise<void> {
  const options = { headers: { ...(other.headers ?? headers) }, CC: [...(other.CC ?? [])] };
  channel.publish('pos_license_events', other.routingKey ?? routingKey, body, options);
  await channel.waitForConfirms();
}

/** The server's own message of a version: what the operator of the broker puts in has no id. */
async function heard(listener: Listener, version: number): Promise<Delivery> {
  const isIt = ({ messageId }: Delivery, index: number): boolean => {
    const message = listener.messages()[index];
    return messageId !== null && message !== undefined && 'version' in message && message.version === version;
  };
  await becomes(async () => expect(listener.deliveries.some(isIt)).toBe(true));
  const delivery = listener.deliveries.find(isIt);
  if (delivery === undefined) throw new Error('It was just there.');
  return delivery;
}

function altering(delivery: Delivery, change: object): Sendable {
  const text = Buffer.from(decodeContent(delivery.body, delivery.contentEncoding)).toString();
  return { ...delivery, body: Buffer.from(JSON.stringify({ ...JSON.parse(text), ...change })) };
}

/** The change that would come next, at a price that nobody set. */
function forgedAfter(state: TerminalState, real: Delivery): Sendable {
  const payload = { product_id: 'P', product_name: 'Flat white', new_price: 0.01, currency: 'GBP' };
  return altering(real, {
    type: 'price_update',
    epoch: state.epoch,
    version: (state.version ?? 0) + 1,
    payload,
  });
}

function signedByAnother({ body }: Sendable): { readonly kid: string; readonly header: string } {
  const { epoch, version, digest } = JSON.parse(body.toString()) as {
    epoch: string;
    version: number;
    digest: string;
  };
  const head = { license_key: A, at: { epoch, version, digest } };
  const { privateKey } = generateKeyPairSync('ed25519');
  const text = signedText(head, hash('sha256', body, 'hex'));
  const kid = 'a-key-of-the-operator-of-the-broker';
  const signature = sign(null, Buffer.from(text), privateKey).toString('base64url');
  return { kid, header: formatSignature({ kid, signature }) };
}

/** What a restore does: an earlier version again, in another history. The content is that of then. */
async function restoredFromBackup(version: number): Promise<void> {
  await database.query('BEGIN');
  await database.query(`CREATE TEMP TABLE l ON COMMIT DROP AS SELECT id FROM licenses WHERE key = '${A}'`);
  await database.query('DELETE FROM changes USING l WHERE license_id = l.id AND version > $1', [version]);
  await database.query('UPDATE items SET version = least(version, $1) FROM l WHERE license_id = l.id', [
    version,
  ]);
  await database.query(
    "UPDATE catalogs SET version = $1, epoch = 'restored01' FROM l WHERE license_id = l.id",
    [version],
  );
  await database.query('UPDATE publications SET published_version = $1 FROM l WHERE license_id = l.id', [
    version,
  ]);
  await database.query('COMMIT');
  await syncNow(till);
}

/** As an operator rotates, but for the two minutes that the next key must have been published. */
async function rotateMessageKey(): Promise<void> {
  await database.query("UPDATE signing_keys SET created_at = created_at - interval '10 minutes'");
  const answer = await system.admin(ADMIN_PATHS.rotateKey, { purpose: 'message' });
  expect(answer).toMatchObject({ status: 200 });
}

async function publishedKids(): Promise<readonly string[]> {
  const answer = await fetch(`${system.backend.url}/.well-known/tillcast/message-keys.json`);
  const { keys } = (await answer.json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

async function countsOf({ url }: RunningTerminal): Promise<Readonly<Record<string, number>>> {
  const { counts } = (await (await fetch(`${url}/api/health`)).json()) as { counts: Record<string, number> };
  return counts;
}
