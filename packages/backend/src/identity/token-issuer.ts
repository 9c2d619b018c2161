import { randomUUID } from 'node:crypto';
import type { TillcastError } from '@tillcast/protocol/errors';
import {
  type AccessTokenClaims,
  TOKEN_AUDIENCE,
  type TokenAnswer,
  type TokenRequest,
} from '@tillcast/protocol/http/identity-api';
import { SALES_SCOPE, scopesOf } from '@tillcast/protocol/identity/scopes';
import { type CryptoKey, generateKeyPair } from 'jose';
import type { Database } from '../database/database.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { publicKeyOf } from '../terminals/public-key.ts';
import { assertionInvalid, checkAssertion, claimedTerminal } from './assertion.ts';
import { entitlementOf } from './entitlement.ts';
import { type ActivatedTerminal, findActivatedTerminal } from './find-terminal.ts';
import type { IdentityOptions } from './identity-options.ts';
import { deleteExpiredAssertions, takeAssertion } from './take-assertion.ts';

const SWEEP_INTERVAL_MS = 60_000;

/** What tokens are given by. */
export interface TokenIssuerOptions {
  readonly database: Database;
  readonly keys: KeyRing;
  readonly identity: IdentityOptions;
  readonly now: () => Date;
  /** Told of each token that is given out, and what it says. */
  readonly onSigned: (token: string, claims: AccessTokenClaims) => void;
}

/** Gives access tokens to terminals that prove who they are. */
export class TokenIssuer {
  readonly #database: Database;
  readonly #keys: KeyRing;
  readonly #identity: IdentityOptions;
  readonly #now: () => Date;
  readonly #onSigned: TokenIssuerOptions['onSigned'];
  #decoy: Promise<CryptoKey> | undefined;
  #sweptAt = 0;

  constructor(options: TokenIssuerOptions) {
    this.#database = options.database;
    this.#keys = options.keys;
    this.#identity = options.identity;
    this.#now = options.now;
    this.#onSigned = options.onSigned;
  }

  /**
   * A token for the terminal that signed the assertion, which is used up by it. Only a terminal that has
   * proven itself is told what is the matter with it or its license.
   * @throws TillcastError `assertion_invalid`, `terminal_revoked`, `license_suspended`, `license_expired`,
   *   `license_revoked`
   */
  async issue(request: Pick<TokenRequest, 'client_assertion' | 'scope'>): Promise<TokenAnswer> {
    const now = this.#now();
    const { client_assertion: text, scope } = request;
    const terminal = await this.#terminalOf(text);
    // Where there is none, the same is computed with a key that nobody has.
    const assertion = await checkAssertion(text, {
      terminalId: terminal?.terminalId ?? claimedTerminal(text) ?? '',
      key: terminal === null ? await this.#decoyKey() : await publicKeyOf(terminal.publicKey),
      issuer: this.#identity.issuer,
      now,
    });
    if (terminal === null) throw assertionInvalid();
    const wanted = scope === SALES_SCOPE ? 'sales' : 'everything';
    const { salesGraceH } = this.#identity;
    const entitlement = entitlementOf(terminal, wanted, { now, salesGraceH });
    const isForBroker = wanted === 'everything' && 'until' in entitlement;
    const tokenEndsAt = isForBroker ? this.#endOf(entitlement.until, now) : null;
    const { licenseId, terminalId } = terminal;
    const outcome = await takeAssertion(this.#database.ofLicense(licenseId), {
      licenseId,
      terminalId,
      assertion,
      tokenEndsAt,
    });
    if (outcome === 'used before') throw assertionInvalid();
    if (outcome === 'ended') throw await this.#endOfTerminal(terminalId, { now, salesGraceH });
    await this.#sweep(now);
    if ('refusal' in entitlement) throw entitlement.refusal;
    return this.#answer(terminal, wanted, { now, endsAt: this.#endOf(entitlement.until, now) });
  }

  async #terminalOf(assertion: string): Promise<ActivatedTerminal | null> {
    const claimed = claimedTerminal(assertion);
    return claimed === null ? null : findActivatedTerminal(this.#database, claimed);
  }

  /** The refusal of a terminal that ended between two looks. */
  async #endOfTerminal(
    terminalId: string,
    at: { readonly now: Date; readonly salesGraceH: number },
  ): Promise<TillcastError> {
    const terminal = await findActivatedTerminal(this.#database, terminalId);
    const entitlement = terminal === null ? null : entitlementOf(terminal, 'everything', at);
    return entitlement !== null && 'refusal' in entitlement ? entitlement.refusal : assertionInvalid();
  }

  /** Not beyond the end of what it is given for, and a second at least. */
  #endOf(until: Date | null, now: Date): Date {
    const lifeMs = this.#identity.tokenLifetimeS * 1000;
    const leftMs = until === null ? lifeMs : Math.max(1000, until.getTime() - now.getTime());
    return new Date(now.getTime() + Math.min(lifeMs, leftMs));
  }

  async #answer(
    terminal: ActivatedTerminal,
    wanted: 'everything' | 'sales',
    life: { readonly now: Date; readonly endsAt: Date },
  ): Promise<TokenAnswer> {
    const { key, terminalId } = terminal;
    const iat = Math.floor(life.now.getTime() / 1000);
    const exp = iat + Math.ceil((life.endsAt.getTime() - life.now.getTime()) / 1000);
    const scope = wanted === 'sales' ? SALES_SCOPE : scopesOf(key, terminalId).join(' ');
    const claims = {
      iss: this.#identity.issuer,
      aud: TOKEN_AUDIENCE,
      sub: terminalId,
      license_key: key,
      scope,
      jti: randomUUID(),
      iat,
      exp,
    } satisfies AccessTokenClaims;
    const token = await this.#keys.signToken(claims);
    this.#onSigned(token, claims);
    return {
      access_token: token,
      token_type: 'Bearer',
      expires_in: exp - iat,
      scope,
      message_keys: this.#keys.messageKeys,
      broker: { urls: this.#identity.terminalAmqpUrls },
    };
  }

  #decoyKey(): Promise<CryptoKey> {
    this.#decoy ??= generateKeyPair('ES256').then(({ publicKey }) => publicKey);
    return this.#decoy;
  }

  async #sweep(now: Date): Promise<void> {
    // A clock that was set back must not keep it from sweeping.
    if (Math.abs(now.getTime() - this.#sweptAt) < SWEEP_INTERVAL_MS) return;
    this.#sweptAt = now.getTime();
    await deleteExpiredAssertions(this.#database, now);
  }
}
