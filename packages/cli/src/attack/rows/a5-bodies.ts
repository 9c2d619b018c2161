import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import { type ProbeAnswer, type ProbeRequest, told } from '../http-probe.ts';
import type { Stage } from '../stage.ts';

const SCHEMAS = 'the strict schemas of requests (@tillcast/protocol), checked before anything is done';

/** Operations that must change nothing, as the JSON text that is sent. */
const BAD_OPERATIONS: readonly (readonly [string, string])[] = [
  ['a price of NaN', '{"op":"set_price","product_id":"ATTACK-1","price":NaN}'],
  ['a price of Infinity', '{"op":"set_price","product_id":"ATTACK-1","price":1e999}'],
  ['a negative price', '{"op":"set_price","product_id":"ATTACK-1","price":-1}'],
  ['a huge price', '{"op":"set_price","product_id":"ATTACK-1","price":1e300}'],
  [
    'a price with more digits than the currency has',
    '{"op":"set_price","product_id":"ATTACK-1","price":1.001}',
  ],
  ['a price in text', '{"op":"set_price","product_id":"ATTACK-1","price":"1"}'],
  ['a price of null', '{"op":"set_price","product_id":"ATTACK-1","price":null}'],
  ['a price in a list', '{"op":"set_price","product_id":"ATTACK-1","price":[1]}'],
  ['an extra field', '{"op":"set_price","product_id":"ATTACK-1","price":1,"license_key":"<OTHER KEY>"}'],
  ['an operation that is none', '{"op":"drop","table":"items"}'],
  [
    '__proto__ in an item',
    '{"op":"put","kind":"product","item":{"id":"P2","name":"x","price":1,"currency":"EUR","__proto__":{"admin":true}}}',
  ],
  [
    'constructor.prototype in an item',
    '{"op":"put","kind":"product","item":{"id":"P2","name":"x","price":1,"currency":"EUR","constructor":{"prototype":{"admin":true}}}}',
  ],
  ['a kind named __proto__', '{"op":"put","kind":"__proto__","item":{"id":"P2","name":"x"}}'],
  ['a kind named constructor', '{"op":"delete","kind":"constructor","id":"P2"}'],
  ['NUL in a name', '{"op":"put","kind":"table","item":{"id":"T1","name":"a\\u0000b"}}'],
  ['half a surrogate pair in a name', '{"op":"put","kind":"table","item":{"id":"T1","name":"a\\ud800b"}}'],
  ['an escape sequence in a name', '{"op":"put","kind":"table","item":{"id":"T1","name":"a\\u001b[2Jb"}}'],
  [
    'an id of 10,000 characters',
    `{"op":"put","kind":"table","item":{"id":"${'I'.repeat(10_000)}","name":"x"}}`,
  ],
];

/** Ways to send a good body with a false label. */
const BAD_FRAMES: readonly (readonly [string, ProbeRequest])[] = [
  ['as text/plain', { path: '', headers: { 'content-type': 'text/plain' } }],
  ['as a form', { path: '', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
  ['as XML', { path: '', headers: { 'content-type': 'application/xml' } }],
  ['without a media type', { path: '' }],
];

const OVERRIDES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['X-HTTP-Method-Override: DELETE', { 'x-http-method-override': 'DELETE' }],
  ['X-Original-URL of the admin API', { 'x-original-url': ADMIN_PATHS.licenses }],
  ['X-Rewrite-URL of the admin API', { 'x-rewrite-url': ADMIN_PATHS.licenses }],
  ['X-Forwarded-User: admin', { 'x-forwarded-user': 'admin' }],
  ['a foreign Host', { host: 'evil.example' }],
];

export const BODY_DRAFTS: readonly Draft[] = [
  ...BAD_OPERATIONS.map(
    ([what, operation]): Draft => ({
      attempt: `A change with ${what}`,
      expected: '400, and the license is as it was',
      line: SCHEMAS,
      run: async (stage) => {
        const before = await catalogOf(stage);
        const text = operation.replace('<OTHER KEY>', stage.other.licenseKey);
        const answer = await commit(stage, `{"operations":[${text}]}`, {
          'content-type': 'application/json',
        });
        return refusedAndUnchanged(stage, answer, before);
      },
    }),
  ),
  {
    attempt: 'A good operation before a bad one, in one request',
    expected: '400, and neither is done',
    line: 'one transaction for one request',
    run: async (stage) => {
      const before = await catalogOf(stage);
      const good = '{"op":"put","kind":"table","item":{"id":"T9","name":"x"}}';
      const bad = '{"op":"set_price","product_id":"ATTACK-1","price":-1}';
      const answer = await commit(stage, `{"operations":[${good},${bad}]}`, {
        'content-type': 'application/json',
      });
      return refusedAndUnchanged(stage, answer, before);
    },
  },
  ...BAD_FRAMES.map(
    ([how, { headers = {} }]): Draft => ({
      attempt: `A change sent ${how}`,
      expected: '400 or 415, and the license is as it was',
      line: 'the media types that the admin API takes',
      run: async (stage) => {
        const before = await catalogOf(stage);
        const operations = '{"operations":[{"op":"set_price","product_id":"ATTACK-1","price":1}]}';
        return refusedAndUnchanged(stage, await commit(stage, operations, headers), before);
      },
    }),
  ),
  ...OVERRIDES.map(
    ([what, headers]): Draft => ({
      attempt: `Its own catalog with ${what}`,
      expected: 'its own catalog, the header being nothing, or a refusal',
      line: 'routes that follow the request line alone',
      run: async (stage) => {
        const authorization = `Bearer ${await stage.own.token()}`;
        const answer = await stage.api.send({
          path: SYNC_PATHS.version,
          headers: { authorization, ...headers },
        });
        if (answer.text.includes(stage.otherSecret) || answer.text.includes('"licenses"'))
          return fails('it led elsewhere');
        const isOwn = answer.status === 200 && answer.text.includes(`"${stage.own.licenseKey}"`);
        return isOwn || answer.status >= 400 ? holds(isOwn ? 'its own' : told(answer)) : fails(told(answer));
      },
    }),
  ),
  {
    attempt: 'A report with a further field',
    expected: '400',
    line: SCHEMAS,
    run: async (stage) => {
      const body = { cursor: null, unsent_sales: 0, clock: new Date().toISOString(), admin: true };
      const answer = await stage.api.send({
        method: 'POST',
        path: SYNC_PATHS.status,
        headers: { authorization: `Bearer ${await stage.own.token()}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return answer.status === 400 ? holds(told(answer)) : fails(told(answer));
    },
  },
];

function commit(
  stage: Stage,
  body: string,
  headers: Readonly<Record<string, string | string[]>>,
): Promise<ProbeAnswer> {
  return stage.api.send({
    method: 'POST',
    path: ADMIN_PATHS.changes(stage.own.licenseKey),
    headers: { authorization: `Bearer ${stage.operator.apiKey}`, ...headers },
    body,
  });
}

/** The attacker's own catalog, without the moment at which it was read. */
async function catalogOf(stage: Stage): Promise<string> {
  const authorization = `Bearer ${await stage.own.token()}`;
  const answer = await stage.api.send({ path: SYNC_PATHS.fullData, headers: { authorization } });
  return answer.text.replace(/"synced_at":"[^"]*"/, '');
}

async function refusedAndUnchanged(stage: Stage, answer: ProbeAnswer, before: string): Promise<Observed> {
  if (![400, 415].includes(answer.status)) return fails(told(answer));
  return (await catalogOf(stage)) === before
    ? holds(`${told(answer)}, unchanged`)
    : fails(`${told(answer)}, and yet it was changed`);
}
