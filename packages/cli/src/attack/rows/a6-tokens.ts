import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { SALES_SCOPE } from '@tillcast/protocol/identity/scopes';
import { z } from 'zod';
import { refusedWith, tryLogin } from '../amqp-probe.ts';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import { forgedToken, TRICK_NAMES } from '../forged-tokens.ts';
import { type ProbeAnswer, told } from '../http-probe.ts';
import { jwtPart, signEs256 } from '../jwt.ts';
import type { Stage } from '../stage.ts';
import { askToken, assertionClaims, assertionOf } from '../throw-away-till.ts';

const API_CHECK = 'the API taking ES256 alone, by its own published keys (AccessTokens)';
const BROKER_CHECK = 'the broker’s OAuth 2 settings: its signing keys, algorithms = [ES256], the audience';
const ASSERTION_CHECK =
  'the check of assertions (RFC 7523): the terminal’s own key, ES256, audience, age, one use';

const EC = { alg: 'ES256' };

/** Assertions that are no good, each in one way. */
const BAD_ASSERTIONS: readonly (readonly [string, (stage: Stage) => string])[] = [
  [
    'for the other till, signed with its own key',
    ({ own, other }) => signed({ ...own, terminalId: other.terminalId }),
  ],
  ['for a till that does not exist', ({ own }) => signed({ ...own, terminalId: randomUUID() })],
  ['for another audience', ({ own }) => signed(own, { aud: 'https://elsewhere.example' })],
  ['for two audiences at once', ({ own }) => signed(own, { aud: [own.issuer, 'https://elsewhere.example'] })],
  ['by another issuer', ({ own, other }) => signed(own, { iss: other.terminalId })],
  ['that lives an hour', ({ own }) => signed(own, { exp: nowS() + 3_600 })],
  ['that has expired', ({ own }) => signed(own, { iat: nowS() - 600, exp: nowS() - 540 })],
  ['from the future', ({ own }) => signed(own, { iat: nowS() + 600, exp: nowS() + 650 })],
  ['without a jti', ({ own }) => signed(own, { jti: undefined })],
  ['without an end', ({ own }) => signed(own, { exp: undefined })],
  ['by alg none', ({ own }) => `${jwtPart({ alg: 'none' })}.${jwtPart(assertionClaims(own))}.`],
  [
    'by a key in its own header (jwk)',
    ({ own, other }) => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const claims = assertionClaims({ ...own, terminalId: other.terminalId });
      return signEs256({ ...EC, jwk: publicKey.export({ format: 'jwk' }) }, claims, privateKey);
    },
  ],
  [
    'with a signature of zeros',
    ({ own, other }) => {
      const claims = assertionClaims({ ...own, terminalId: other.terminalId });
      return `${jwtPart(EC)}.${jwtPart(claims)}.${Buffer.alloc(64).toString('base64url')}`;
    },
  ],
  ['that is no JWT', () => 'a.b.c'],
];

export const TOKEN_DRAFTS: readonly Draft[] = [
  ...TRICK_NAMES.map(
    (trick): Draft => ({
      attempt: `The API with a token that says it is the other license’s: ${trick}`,
      expected: '401 token_invalid',
      line: API_CHECK,
      run: async (stage) => atApi(stage, await forgedToken(stage, trick)),
    }),
  ),
  ...TRICK_NAMES.map(
    (trick): Draft => ({
      attempt: `The broker with a token that says it is the other license’s: ${trick}`,
      expected: 'refused at login',
      line: BROKER_CHECK,
      run: async (stage) => {
        const token = await forgedToken(stage, trick);
        return refusedWith(await tryLogin(stage.broker, stage.other.terminalId, token), [403, 530]);
      },
    }),
  ),
  ...BAD_ASSERTIONS.map(
    ([what, make]): Draft => ({
      attempt: `A token is asked for with an assertion ${what}`,
      expected: '401 assertion_invalid, or 400',
      line: ASSERTION_CHECK,
      run: async (stage) => noToken(await askToken(stage.api, make(stage))),
    }),
  ),
  {
    attempt: 'A token is asked for twice with the same assertion',
    expected: 'the second time 401 assertion_invalid',
    line: 'the table of assertions that were used: each jti once',
    run: async (stage) => {
      const assertion = assertionOf(stage.own);
      const first = await askToken(stage.api, assertion);
      if (first.status !== 200) return fails(`the first time ${told(first)}`);
      return noToken(await askToken(stage.api, assertion));
    },
  },
  {
    attempt: 'A token is asked for ten times at once with the same assertion',
    expected: 'one token at most',
    line: 'the table of assertions that were used: each jti once',
    run: async (stage) => {
      const assertion = assertionOf(stage.own);
      const answers = await Promise.all(Array.from({ length: 10 }, () => askToken(stage.api, assertion)));
      const given = answers.filter(({ status }) => status === 200).length;
      return given <= 1 ? holds(`${given} token`) : fails(`${given} tokens`);
    },
  },
  {
    attempt: 'A till that does not exist, and one that does, ask with a wrong signature',
    expected: 'the same answer: no hint of what exists',
    line: ASSERTION_CHECK,
    run: async (stage) => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const ask = async (terminalId: string): Promise<ProbeAnswer> =>
        askToken(stage.api, assertionOf({ ...stage.own, terminalId, privateKey }));
      const [exists, not] = [await ask(stage.other.terminalId), await ask(randomUUID())];
      return alike(exists, not);
    },
  },
  {
    attempt: 'Its assertion is used as an access token',
    expected: '401',
    line: API_CHECK,
    run: async (stage) => atApi(stage, assertionOf(stage.own)),
  },
  {
    attempt: 'Its access token is used as an assertion',
    expected: '401 assertion_invalid',
    line: ASSERTION_CHECK,
    run: async (stage) => noToken(await askToken(stage.api, await stage.own.token())),
  },
  {
    attempt: 'A token for handing in sales alone is used for the catalog',
    expected: '403 scope_insufficient',
    line: 'the scope sales:upload opening nothing but the sales (LicenseGate)',
    run: async (stage) => {
      const token = await salesToken(stage);
      const answer = await catalogWith(stage, token);
      return [401, 403].includes(answer.status) ? holds(told(answer)) : fails(told(answer));
    },
  },
  {
    attempt: 'A token for handing in sales alone is used at the broker',
    expected: 'refused at login',
    line: 'a sales token having no scope of the broker',
    run: async (stage) =>
      refusedWith(await tryLogin(stage.broker, stage.own.terminalId, await salesToken(stage)), [403, 530]),
  },
  {
    attempt: 'A token is asked for with scopes of the attacker’s own choosing',
    expected: '400',
    line: 'the token endpoint giving the scopes that it reckons itself',
    run: async (stage) => {
      const answer = await askToken(
        stage.api,
        assertionOf(stage.own),
        `read:*/pos_license_events/license.${stage.other.licenseKey}.*`,
      );
      return noToken(answer);
    },
  },
  {
    attempt: 'Its own token’s scopes are looked at',
    expected: 'exactly those of one terminal of one license',
    line: 'scopesOf(license, terminal), as the token endpoint gives it',
    run: ownScopes,
  },
];

type Signer = Parameters<typeof assertionOf>[0];

function signed(till: Signer, claims: Readonly<Record<string, unknown>> = {}): string {
  return signEs256(EC, assertionClaims(till, claims), till.privateKey);
}

function nowS(): number {
  return Math.floor(Date.now() / 1_000);
}

function catalogWith(stage: Stage, token: string): Promise<ProbeAnswer> {
  return stage.api.send({ path: SYNC_PATHS.fullData, headers: { authorization: `Bearer ${token}` } });
}

async function atApi(stage: Stage, token: string): Promise<Observed> {
  const answer = await catalogWith(stage, token);
  if (answer.text.includes(stage.otherSecret)) return fails('the other license’s catalog was sent');
  return answer.status === 401 ? holds(told(answer)) : fails(told(answer));
}

function noToken(answer: ProbeAnswer): Observed {
  return [400, 401].includes(answer.status) ? holds(told(answer)) : fails(told(answer));
}

function alike(first: ProbeAnswer, second: ProbeAnswer): Observed {
  const textOf = ({ text }: ProbeAnswer): string => text.replace(/"request_id":"[^"]*"/, '');
  const same = first.status === second.status && textOf(first) === textOf(second);
  return same
    ? holds(`${told(first)} for both, word for word`)
    : fails(`${told(first)}, and ${told(second)}`);
}

const tokenSchema = z.object({ access_token: z.string() });

async function salesToken(stage: Stage): Promise<string> {
  const answer = await askToken(stage.api, assertionOf(stage.own), SALES_SCOPE);
  return tokenSchema.parse(answer.json()).access_token;
}

async function ownScopes(stage: Stage): Promise<Observed> {
  const payload = (await stage.own.token()).split('.')[1] ?? '';
  const claims = z
    .object({ scope: z.string(), sub: z.string(), aud: z.union([z.string(), z.array(z.string())]) })
    .parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  const { licenseKey, terminalId } = stage.own;
  const queues = `*/terminal.${terminalId}.*`;
  const expected = [
    `configure:${queues}`,
    `write:${queues}`,
    `read:${queues}`,
    `read:*/pos_license_events/license.${licenseKey}.*`,
    'read:*/pos_license_events/license.%2A.broadcast.%23',
  ];
  const extra = claims.scope.split(' ').filter((scope) => !expected.includes(scope));
  if (extra.length > 0) return fails(`also ${extra.join(' ')}`);
  return claims.sub === terminalId ? holds('exactly those') : fails(`sub is ${claims.sub}`);
}
