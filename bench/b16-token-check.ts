import { TOKEN_AUDIENCE } from '@tillcast/protocol/http/identity-api';
import { scopesOf } from '@tillcast/protocol/identity/scopes';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { type CryptoKey, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { AccessTokens } from '../packages/backend/src/sync-api/access-tokens.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { compare, quantileOf, timed } from './lib/measure.ts';

const ISSUER = 'http://localhost:8080';
const LICENSE_KEY = parseLicenseKey('BENCH-TOKEN-1');
const CHECKS = 2_000;

/**
 * B16: the check of an access token at the API, of a token that was seen before (a till asks every few seconds
 * for ten minutes with one), against the bare check of its signature and claims.
 */
export const b16: Benchmark = {
  id: 'B16',
  title: 'the check of an access token',
  run: async (context) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const token = await tokenOf(privateKey);
    const tokens = new AccessTokens({
      keys: { tokenKey: () => publicKey },
      issuer: ISSUER,
      now: () => new Date(),
    });
    await tokens.verify(token);
    const seenBefore: number[] = [];
    const result = await compare({
      id: 'B16',
      what: `${CHECKS} checks of a token that was seen before / bare checks of signature and claims`,
      product: () =>
        timed(async () => {
          for (let check = 0; check < CHECKS; check += 1)
            seenBefore.push(await timed(() => tokens.verify(token)));
        }),
      floor: () =>
        timed(async () => {
          for (let check = 0; check < CHECKS; check += 1) {
            await jwtVerify(token, publicKey, { issuer: ISSUER, audience: TOKEN_AUDIENCE });
          }
        }),
      rounds: 5,
      maxRatio: 0.1,
      operations: CHECKS,
    });
    const p50 = quantileOf(
      seenBefore.toSorted((a, b) => a - b),
      0.5,
    );
    context.log(
      `B16 p50 ${(p50 * 1_000).toFixed(1)} µs for a token that was seen before (goal: at most 100 µs), ${((result.floorMs.median / CHECKS) * 1_000).toFixed(0)} µs for the bare check`,
    );
    return [result];
  },
};

function tokenOf(privateKey: CryptoKey): Promise<string> {
  const terminalId = crypto.randomUUID();
  return new SignJWT({
    license_key: LICENSE_KEY,
    scope: scopesOf(LICENSE_KEY, terminalId).join(' '),
    jti: crypto.randomUUID(),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'bench-key' })
    .setIssuer(ISSUER)
    .setAudience(TOKEN_AUDIENCE)
    .setSubject(terminalId)
    .setIssuedAt()
    .setExpirationTime('10 min')
    .sign(privateKey);
}
