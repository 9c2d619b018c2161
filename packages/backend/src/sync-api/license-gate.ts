import { TillcastError } from '@tillcast/protocol/errors';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { terminalRevoked } from '../identity/entitlement.ts';
import type { IdentityOptions } from '../identity/identity-options.ts';
import type { LicenseState } from '../licenses/license.ts';
import { refusalOf, standingOf } from '../licenses/standing.ts';
import { type AccessTokens, tokenInvalid, type VerifiedToken } from './access-tokens.ts';
import { LicenseReads } from './license-reads.ts';

/** The headers by which a request says whose it is. */
export interface Credentials {
  readonly authorization?: string | undefined;
  readonly licenseKey?: string | readonly string[] | undefined;
  readonly terminalId?: string | readonly string[] | undefined;
}

/** Who was let in. */
export interface Admission {
  readonly license: LicenseState;
  /** The terminal that proved itself; null where a license key alone was taken. */
  readonly terminalId: string | null;
}

/** What is asked for: a token for sales alone opens nothing else, and does so after an end too. */
export type Purpose = 'everything' | 'sales';

/**
 * Says who may read what. A token says who asks, and always wins: what the headers say besides must agree.
 * A license key alone is taken where the operator allows it. Either way license and terminal are checked
 * against the database, at every request, so that nothing outlives a suspension or a revocation.
 */
export class LicenseGate {
  readonly #reads: LicenseReads;
  readonly #tokens: Pick<AccessTokens, 'verify'>;
  readonly #auth: IdentityOptions['auth'];
  readonly #now: () => Date;

  constructor(options: {
    readonly find: (key: LicenseKey) => Promise<LicenseState | null>;
    readonly tokens: Pick<AccessTokens, 'verify'>;
    readonly auth: IdentityOptions['auth'];
    readonly now: () => Date;
  }) {
    this.#reads = new LicenseReads(options.find);
    this.#tokens = options.tokens;
    this.#auth = options.auth;
    this.#now = options.now;
  }

  /**
   * The license and the terminal that a request is of, as they stand now.
   * @throws TillcastError `credentials_missing`, `token_invalid`, `token_expired`, `license_key_not_accepted`,
   *   `license_key_malformed`, `license_unknown`, `request_invalid` (headers that contradict the token),
   *   `terminal_revoked`, `license_suspended`, `license_expired`, `license_revoked`, `scope_insufficient`,
   *   `database_unavailable`
   */
  async admit(credentials: Credentials, purpose: Purpose = 'everything'): Promise<Admission> {
    const token = bearerOf(credentials.authorization);
    if (token === null) return this.#admitByKey(credentials.licenseKey);
    const verified = await this.#tokens.verify(token);
    refuseContradiction(credentials, verified);
    return this.#admitByToken(verified, purpose);
  }

  async #admitByToken(verified: VerifiedToken, purpose: Purpose): Promise<Admission> {
    const { terminalId, licenseKey, salesOnly } = verified;
    const license = await this.#reads.read(licenseKey);
    if (license === null) throw tokenInvalid();
    // Such a token is only given within the grace, and lives as briefly as any.
    if (salesOnly && purpose === 'sales') return { license, terminalId };
    if (license.revokedTerminals.includes(terminalId)) throw terminalRevoked();
    this.#refuseWhereInvalid(license);
    if (salesOnly) {
      const message = 'This access token is for handing in sales: get one without a scope for anything else.';
      throw new TillcastError('scope_insufficient', message);
    }
    return { license, terminalId };
  }

  async #admitByKey(header: Credentials['licenseKey']): Promise<Admission> {
    const isThere = header !== undefined && header !== '';
    if (this.#auth === 'token') {
      const need = 'send Authorization: Bearer with an access token, which a till gets once it is activated';
      if (!isThere) throw new TillcastError('credentials_missing', `No access token was sent: ${need}.`);
      throw new TillcastError('license_key_not_accepted', `A license key alone does not do here: ${need}.`);
    }
    if (!isThere) {
      throw new TillcastError(
        'credentials_missing',
        'No license key was sent: name the license in the X-License-Key header.',
      );
    }
    const key = parseLicenseKey(header);
    const license = await this.#reads.read(key);
    if (license === null) {
      throw new TillcastError('license_unknown', `License ${key} is not known here: check the key.`);
    }
    this.#refuseWhereInvalid(license);
    return { license, terminalId: null };
  }

  #refuseWhereInvalid(license: LicenseState): void {
    const refusal = refusalOf(standingOf(license, this.#now()));
    if (refusal !== null) throw refusal;
  }
}

/** The token of the header; null where there is none. @throws TillcastError `token_invalid` for another scheme */
function bearerOf(header: string | undefined): string | null {
  if (header === undefined || header === '') return null;
  const [, token] = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header) ?? [];
  if (token === undefined) throw tokenInvalid();
  return token;
}

/** A license or a terminal that is named besides must be the token's. */
function refuseContradiction(credentials: Credentials, { licenseKey, terminalId }: VerifiedToken): void {
  const claims = [
    ['X-License-Key', credentials.licenseKey, licenseKey],
    ['X-Terminal-Id', credentials.terminalId, terminalId],
  ] as const;
  for (const [name, said, proven] of claims) {
    if (said === undefined || said === proven) continue;
    const detail = 'must be what the access token says, or be left out';
    throw new TillcastError('request_invalid', `The header ${name} ${detail}.`, {
      details: [{ pointer: `/header/${name.toLowerCase()}`, detail }],
    });
  }
}
