import { randomBytes } from 'node:crypto';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { formatActivationCode } from '@tillcast/protocol/identity/activation-code';
import { type Draft, fails, holds } from '../attack.ts';
import { type ProbeAnswer, told } from '../http-probe.ts';
import { askActivation, askActivationInTurn } from '../throw-away-till.ts';

const LIMITS = 'the limits of requests per address and per license (tillcast server: TILLCAST_RATE_LIMITS)';

export const GUESSING_DRAFTS: readonly Draft[] = [
  {
    attempt: 'A wrong code for a license that exists, and for one that does not',
    expected: 'the same answer, word for word',
    line: 'activation refusing alike, after the same work, whether or not there is such a license',
    run: async ({ api, other }) => {
      const code = randomCode();
      const exists = await askActivationInTurn(api, { licenseKey: other.licenseKey, code });
      const not = await askActivationInTurn(api, { licenseKey: `${other.licenseKey}9`, code });
      const textOf = ({ text }: ProbeAnswer): string => text.replace(/"request_id":"[^"]*"/, '');
      const alike = exists.status === not.status && textOf(exists) === textOf(not);
      if (!alike) return fails(`${told(exists)}, and ${told(not)}`);
      return exists.status === 401 ? holds(`${told(exists)} for both`) : fails(told(exists));
    },
  },
  {
    attempt: 'The attacker’s own activation code for the other license',
    expected: '401 activation_refused',
    line: 'a code being of its own license alone',
    run: async ({ api, own, other, operator }) => {
      const code = operator.activationCode(own.licenseKey);
      const answer = await askActivationInTurn(api, { licenseKey: other.licenseKey, code });
      return answer.status === 401 ? holds(told(answer)) : fails(told(answer));
    },
  },
  {
    attempt: 'The other license’s key alone as its activation code',
    expected: '401 activation_refused',
    line: 'a code of 128 random bits',
    run: async ({ api, other }) => {
      const answer = await askActivationInTurn(api, { licenseKey: other.licenseKey, code: other.licenseKey });
      return [400, 401].includes(answer.status) ? holds(told(answer)) : fails(told(answer));
    },
  },
  {
    attempt: 'The admin API’s key is guessed, 20 times',
    expected: '401 every time',
    line: 'API keys of 128 bits at least, found by their hash',
    run: async ({ api }) => {
      for (let index = 0; index < 20; index += 1) {
        const authorization = `Bearer ${randomBytes(18).toString('base64url')}`;
        const answer = await api.send({ path: ADMIN_PATHS.licenses, headers: { authorization } });
        if (![401, 429].includes(answer.status)) return fails(told(answer));
      }
      return holds('401 every time');
    },
  },
  {
    attempt: 'Activation codes are guessed, 200 times',
    expected: '401, then 429 with Retry-After',
    line: LIMITS,
    run: async ({ api, other }) => {
      for (let tries = 1; tries <= 200; tries += 1) {
        const answer = await askActivation(api, { licenseKey: other.licenseKey, code: randomCode() });
        if (answer.status === 429) {
          const wait = answer.headers['retry-after'];
          return wait === undefined ? fails('429 without Retry-After') : holds(`429 at try ${tries}`);
        }
        if (answer.status !== 401) return fails(told(answer));
      }
      return fails('200 tries, and no end of them');
    },
  },
  {
    attempt: 'Meanwhile the other license’s till',
    expected: 'goes on as before',
    line: LIMITS,
    run: async ({ api, other }) => {
      const authorization = `Bearer ${await other.token()}`;
      const answer = await api.send({ path: SYNC_PATHS.version, headers: { authorization } });
      return answer.status === 200 ? holds('200') : fails(told(answer));
    },
  },
];

function randomCode(): string {
  return formatActivationCode(randomBytes(16));
}
