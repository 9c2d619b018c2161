import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import { type ProbeAnswer, told } from '../http-probe.ts';
import type { Stage } from '../stage.ts';
import { askActivation } from '../throw-away-till.ts';

/** What is no license key, and would be somebody’s if it were taken for one. `<KEY>` is the other license’s. */
const MALFORMED: readonly (readonly [string, string])[] = [
  ['a dot in it', '<KEY>.X'],
  ['a star', '*'],
  ['a hash', '#'],
  ['a star at its end', '<KEY>*'],
  ['a hash at its end', '<KEY>.#'],
  ['a percent sign', '<KEY>%2A'],
  ['an encoded star', '%2A%2A%2A%2A%2A%2A'],
  ['NUL at its end', '<KEY>\u0000'],
  ['a blank before it', ' <KEY>'],
  ['a newline after it', '<KEY>\n'],
  ['lower case', '<key>'],
  ['a look-alike (a Cyrillic А)', 'АTTACK-LIFE-X1'],
  ['full-width letters', 'ＡＴＴＡＣＫ－ＬＩＦＥ'],
  ['a hyphen twice', 'ATTACK--LIFE'],
  ['a hyphen at its end', 'ATTACK-LIFE-'],
  ['65 characters', 'A'.repeat(65)],
  ['300 characters', 'A'.repeat(300)],
  ['5 characters', 'ABCDE'],
  ['nothing in it', ''],
  ['a path that leads out', '../../admin'],
  ['a quote of SQL', "X' OR '1'='1"],
  ['a bidirectional mark', '<KEY>\u202E'],
];

const GRAMMAR = 'the grammar of license keys (@tillcast/protocol/license-key), checked at this door';

export const KEY_DRAFTS: readonly Draft[] = MALFORMED.flatMap(([what, template]): Draft[] => [
  {
    attempt: `A license is created whose key has ${what}`,
    expected: '400 license_key_malformed or request_invalid',
    line: GRAMMAR,
    run: async (stage) => {
      const answer = await stage.api.send({
        method: 'POST',
        path: ADMIN_PATHS.licenses,
        headers: { authorization: `Bearer ${stage.operator.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ key: keyFrom(template, stage) }),
      });
      return refusedBy(answer, [400]);
    },
  },
  {
    attempt: `A till is activated for a key that has ${what}`,
    expected: '400, or 401 as for any key that does not exist',
    line: GRAMMAR,
    run: async (stage) => {
      const licenseKey = keyFrom(template, stage);
      const code = stage.operator.activationCode(stage.other.licenseKey);
      return refusedBy(await askActivation(stage.api, { licenseKey, code }), [400, 401]);
    },
  },
  {
    attempt: `X-License-Key names a key that has ${what}, without a token`,
    expected: '400 or 401',
    line: 'TILLCAST_AUTH=token, and the grammar of license keys',
    run: (stage) => byHeader(stage, keyFrom(template, stage), null),
  },
  {
    attempt: `X-License-Key names a key that has ${what}, beside the attacker’s token`,
    expected: '400, or its own license all the same',
    line: 'the license coming from the verified token alone (LicenseGate)',
    run: async (stage) => byHeader(stage, keyFrom(template, stage), await stage.own.token()),
  },
]);

function keyFrom(template: string, { other }: Stage): string {
  return template.replace('<KEY>', other.licenseKey).replace('<key>', other.licenseKey.toLowerCase());
}

/** As raw bytes, for no client would send them. */
async function byHeader(stage: Stage, key: string, token: string | null): Promise<Observed> {
  const answer = await stage.api.sendRaw(
    stage.api.rawRequest(SYNC_PATHS.fullData, {
      'x-license-key': Buffer.from(key, 'utf8').toString('latin1'),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    }),
  );
  if (answer.text.includes(stage.otherSecret)) return fails('the other license’s catalog was sent');
  // What HTTP itself trims away (a blank before it, nothing at all) leaves the token to speak for itself.
  const isOwn = token !== null && answer.status === 200;
  return isOwn ? holds('its own catalog') : refusedBy(answer, [400, 401]);
}

function refusedBy(answer: ProbeAnswer, statuses: readonly number[]): Observed {
  return statuses.includes(answer.status) ? holds(told(answer)) : fails(told(answer));
}
