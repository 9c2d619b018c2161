import { gzipSync } from 'node:zlib';
import { rowDigest } from '@tillcast/protocol/digest';
import { rowOf } from '@tillcast/protocol/items/item';
import { SIGNATURE_HEADER } from '@tillcast/protocol/messages/signature';
import { broadcastRoutingKey } from '@tillcast/protocol/routing';
import { z } from 'zod';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import type { Heard, Listener } from '../listener.ts';
import type { Stage } from '../stage.ts';

const SIGNATURE = 'the till’s check of the signature, and of the license that it speaks for (readDelivery)';
const READING = 'the till dropping what it cannot read, and going on (readDelivery)';

/** No price of ours, and easily found in whatever form it is shown. */
const FORGED_PRICE = 31_337.37;

const changeSchema = z.object({
  digest: z.string(),
  payload: z.object({ product_id: z.string(), product_name: z.string(), currency: z.string() }),
});

/** A message as the broker’s operator can make one. */
interface Injected {
  readonly routingKey: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly encoding?: string;
}

type Make = (seen: { readonly own: Heard; readonly other: Heard }, stage: Stage) => Injected;

/** What whoever runs the broker may put where he likes. */
const FORGERIES: readonly (readonly [string, Make])[] = [
  [
    'the other license’s real message, as it was signed',
    ({ other }) => ({ routingKey: other.routingKey, body: other.text, headers: signedBy(other) }),
  ],
  [
    'the other license’s real message, under the till’s own routing key',
    ({ own, other }) => ({ routingKey: own.routingKey, body: other.text, headers: signedBy(other) }),
  ],
  [
    'the other license’s real message, the license in it replaced by the till’s own',
    ({ own, other }, stage) => ({
      routingKey: own.routingKey,
      body: other.text.replaceAll(stage.other.licenseKey, stage.own.licenseKey),
      headers: signedBy(other),
    }),
  ],
  ['its own next change, not signed', ({ own }) => ({ routingKey: own.routingKey, body: next(own) })],
  [
    'its own next change, with the signature of the last',
    ({ own }) => ({ routingKey: own.routingKey, body: next(own), headers: signedBy(own) }),
  ],
  [
    'its own last change, with another price and its own signature',
    ({ own }) => ({
      routingKey: own.routingKey,
      body: forged(own.text),
      headers: signedBy(own),
    }),
  ],
  [
    'its own next change, signed by a key that nobody knows',
    ({ own }) => ({
      routingKey: own.routingKey,
      body: next(own),
      headers: { [SIGNATURE_HEADER]: `forgers-key.${Buffer.alloc(64, 7).toString('base64url')}` },
    }),
  ],
  [
    'its own next change, with a signature of zeros by the real key',
    ({ own }) => ({
      routingKey: own.routingKey,
      body: next(own),
      headers: {
        [SIGNATURE_HEADER]: `${own.signature.split('.')[0]}.${Buffer.alloc(64).toString('base64url')}`,
      },
    }),
  ],
  [
    'a broadcast that the backend never made',
    (_, stage) => ({
      routingKey: broadcastRoutingKey('system_notice'),
      body: JSON.stringify({
        id: crypto.randomUUID(),
        type: 'broadcast.system_notice',
        license_key: '*',
        timestamp: new Date().toISOString(),
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
        payload: { message: `Everything is free today ${stage.otherSecret}`, severity: 'info' },
      }),
    }),
  ],
  [
    'its own last change once more, word for word',
    ({ own }) => ({ routingKey: own.routingKey, body: own.text, headers: signedBy(own) }),
  ],
];

/** What no till can read, whoever sends it. */
const POISON: readonly (readonly [string, Make])[] = [
  ['nothing', ({ own }) => ({ routingKey: own.routingKey, body: '', headers: signedBy(own) })],
  ['no JSON', ({ own }) => ({ routingKey: own.routingKey, body: '{"id":', headers: signedBy(own) })],
  [
    'bytes that are no UTF-8',
    ({ own }) => ({
      routingKey: own.routingKey,
      body: Buffer.from([0xff, 0xfe, 0x00, 0x80]),
      headers: signedBy(own),
    }),
  ],
  [
    'JSON of a depth of 100,000',
    ({ own }) => ({
      routingKey: own.routingKey,
      body: '['.repeat(100_000) + ']'.repeat(100_000),
      headers: signedBy(own),
    }),
  ],
  [
    '100 MiB packed to 100 KiB by gzip',
    ({ own }) => ({
      routingKey: own.routingKey,
      body: gzipSync(Buffer.alloc(100 * 1024 * 1024, 0x20)),
      headers: signedBy(own),
      encoding: 'gzip',
    }),
  ],
  [
    'gzip that breaks off',
    ({ own }) => ({
      routingKey: own.routingKey,
      body: gzipSync(own.text).subarray(0, 40),
      headers: signedBy(own),
      encoding: 'gzip',
    }),
  ],
  [
    'an encoding that nobody knows',
    ({ own }) => ({ routingKey: own.routingKey, body: own.text, headers: signedBy(own), encoding: 'x-evil' }),
  ],
  [
    'a type that nobody knows',
    ({ own }) => ({
      routingKey: `${own.routingKey.split('.').slice(0, 2).join('.')}.evil_update`,
      body: own.text.replace('price_update', 'evil_update'),
      headers: signedBy(own),
    }),
  ],
  [
    '__proto__ in its payload',
    ({ own }) => ({
      routingKey: own.routingKey,
      body: own.text.replace('"payload":{', '"payload":{"__proto__":{"admin":true},'),
      headers: signedBy(own),
    }),
  ],
  [
    'a signature header that is a table',
    ({ own }) => ({ routingKey: own.routingKey, body: own.text, headers: { [SIGNATURE_HEADER]: { a: 1 } } }),
  ],
  [
    'a routing key that is none of ours',
    ({ own }) => ({ routingKey: 'a.b.c.d.e', body: own.text, headers: signedBy(own) }),
  ],
];

export const OPERATOR_DRAFTS: readonly Draft[] = [
  ...FORGERIES.map(
    ([what, make]): Draft => ({
      attempt: `The broker’s operator puts into the till’s queue: ${what}`,
      expected: 'not applied, nothing of it shown; the next real change is',
      line: SIGNATURE,
      needs: 'till',
      run: (stage) => injected(stage, make),
    }),
  ),
  {
    attempt: 'The till’s activity log after it',
    expected: 'it says that messages were refused, and why',
    line: 'the activity log’s line for refused messages',
    needs: 'till',
    run: async ({ till }) => {
      if (till === null) return fails('there is no till');
      const lines = (await (await till()).activity()).filter(({ type }) => /refused|message_/.test(type));
      const said = lines.map(({ summary }) => summary).join('; ');
      return lines.length > 0 ? holds(said.slice(0, 160)) : fails('it says nothing');
    },
  },
];

export const POISON_DRAFTS: readonly Draft[] = POISON.map(
  ([what, make]): Draft => ({
    attempt: `A till is sent a message that is ${what}`,
    expected: 'dropped, and the next one is applied',
    line: READING,
    needs: 'till',
    run: (stage) => injected(stage, make),
  }),
);

function signedBy(heard: Heard): Readonly<Record<string, unknown>> {
  return { [SIGNATURE_HEADER]: heard.signature };
}

/** A change as the backend would make it next, with a price of the forger’s. */
function next(own: Heard): string {
  return forged(own.text.replace(/"version":\d+/, `"version":${(own.version ?? 0) + 1}`));
}

/** A change of the till’s only product, with the forger’s price and the digest that the catalog then has. */
function forged(text: string): string {
  const { digest, payload } = changeSchema.parse(JSON.parse(text));
  const { product_id: id, product_name: name, currency } = payload;
  const { body } = rowOf('product', { id, name, price: FORGED_PRICE, currency });
  return text
    .replace(/"new_price":[\d.]+/, `"new_price":${FORGED_PRICE}`)
    .replace(digest, rowDigest('product', id, body));
}

async function injected(stage: Stage, make: Make): Promise<Observed> {
  const { administrator, till: start } = stage;
  if (administrator === null || start === null) return fails('there is no till');
  const till = await start();
  const own = await freshChange(stage.operator.changePrice(stage.own.licenseKey), stage.ownListener);
  const other = await freshChange(stage.operator.changePrice(stage.other.licenseKey), stage.otherListener);
  await till.becomes(({ version }) => version === own.version);
  const { routingKey, body, headers, encoding } = make({ own, other }, stage);
  await administrator.publish({
    // By CC the default exchange leads it into the queue, and it keeps the routing key that it claims.
    exchange: '',
    routingKey,
    body: Buffer.from(body),
    properties: {
      headers: { ...headers, CC: [await till.queue()] },
      ...(encoding === undefined ? {} : { content_encoding: encoding }),
    },
  });
  const real = await stage.operator.changePrice(stage.own.licenseKey);
  await till.becomes(({ version, status }) => version === real.version && status === 'live');
  const shown = await till.shown();
  if (shown.includes(stage.otherSecret)) return fails('something of it is shown');
  if (/31.?337.37/.test(shown)) return fails('the forged price is shown');
  return holds(`not applied; the next, v${real.version}, was`);
}

async function freshChange(
  change: Promise<{ readonly version: number }>,
  listener: Listener,
): Promise<Heard> {
  const { version } = await change;
  await listener.hear(version);
  const heard = listener.heard.findLast((each) => each.version === version);
  if (heard === undefined) throw new Error('The listener heard a version and has lost it.');
  return heard;
}
