import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TillcastError } from '@tillcast/protocol/errors';
import {
  type Activation,
  ASSERTION_TYPE,
  activationSchema,
  IDENTITY_PATHS,
  type TokenAnswer,
  tokenAnswerSchema,
} from '@tillcast/protocol/http/identity-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { type HttpProbe, type ProbeAnswer, told } from './http-probe.ts';
import { signEs256 } from './jwt.ts';
import { retryAfterMs } from './operator.ts';
import type { AttackTill } from './stage.ts';

/** Asks for activation, as whoever has the code. */
export function askActivation(
  api: HttpProbe,
  asked: { readonly licenseKey: string; readonly code: string; readonly publicKey?: KeyObject },
): Promise<ProbeAnswer> {
  const publicKey = asked.publicKey ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  return api.send({
    method: 'POST',
    path: IDENTITY_PATHS.activate,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      license_key: asked.licenseKey,
      activation_code: asked.code,
      name: 'Attacker',
      public_key: publicKey.export({ format: 'jwk' }),
    }),
  });
}

/** The same, after the wait that the limits of activations ask for. */
export async function askActivationInTurn(
  api: HttpProbe,
  asked: Parameters<typeof askActivation>[1],
): Promise<ProbeAnswer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await askActivation(api, asked);
    if (answer.status !== 429 || tries > 10) return answer;
    await sleep(retryAfterMs(answer));
  }
}

/** Asks for a token with an assertion, as RFC 7523 has it. */
export function askToken(api: HttpProbe, assertion: string, scope?: string): Promise<ProbeAnswer> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
    ...(scope === undefined ? {} : { scope }),
  });
  return api.send({
    method: 'POST',
    path: IDENTITY_PATHS.token,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  });
}

/** What a till’s assertion says, with other claims in their place. */
export function assertionClaims(
  till: Pick<AttackTill, 'terminalId' | 'issuer'>,
  claims: Readonly<Record<string, unknown>> = {},
): object {
  const now = Math.floor(Date.now() / 1_000);
  const { terminalId, issuer } = till;
  const usual = { iss: terminalId, sub: terminalId, aud: issuer, iat: now, exp: now + 50, jti: randomUUID() };
  return { ...usual, ...claims };
}

/** A good assertion. */
export function assertionOf(till: Pick<AttackTill, 'terminalId' | 'issuer' | 'privateKey'>): string {
  return signEs256({ alg: 'ES256' }, assertionClaims(till), till.privateKey);
}

/** A till of a throw-away license, activated as every till is. */
export class ThrowAwayTill implements AttackTill {
  readonly licenseKey: LicenseKey;
  readonly terminalId: string;
  readonly privateKey: KeyObject;
  readonly issuer: string;
  /** Where it was told that the broker is. */
  readonly brokerUrls: readonly string[];
  readonly #api: HttpProbe;
  #token: { readonly text: string; readonly renewAtMs: number } | null = null;

  private constructor(api: HttpProbe, activation: Activation, privateKey: KeyObject) {
    this.#api = api;
    this.licenseKey = activation.license_key;
    this.terminalId = activation.terminal_id;
    this.issuer = activation.issuer;
    this.brokerUrls = activation.broker.urls;
    this.privateKey = privateKey;
  }

  static async activate(api: HttpProbe, licenseKey: LicenseKey, code: string): Promise<ThrowAwayTill> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const answer = await askActivationInTurn(api, { licenseKey, code, publicKey });
    const activation = activationSchema.safeParse(answer.json());
    if (answer.status === 201 && activation.success)
      return new ThrowAwayTill(api, activation.data, privateKey);
    throw new TillcastError('answer_invalid', `A till could not be activated: ${told(answer)}.`);
  }

  async token(): Promise<string> {
    if (this.#token !== null && performance.now() < this.#token.renewAtMs) return this.#token.text;
    const { access_token, expires_in } = await this.#askToken();
    this.#token = { text: access_token, renewAtMs: performance.now() + expires_in * 500 };
    return access_token;
  }

  async #askToken(): Promise<TokenAnswer> {
    for (let tries = 1; ; tries += 1) {
      const answer = await askToken(this.#api, assertionOf(this));
      const token = tokenAnswerSchema.safeParse(answer.json());
      if (answer.status === 200 && token.success) return token.data;
      if (answer.status !== 429 || tries > 10) {
        throw new TillcastError('answer_invalid', `A till got no token: ${told(answer)}.`);
      }
      await sleep(retryAfterMs(answer));
    }
  }
}
