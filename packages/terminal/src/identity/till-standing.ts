import { silentLogger } from '@tillcast/broker';
import { asTillcastError, type ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import type { TerminalConfig } from '../config/terminal-config.ts';
import { refusalText } from '../replica/status-words.ts';
import { systemTillClock } from '../replica/till-clock.ts';
import { backendFetch } from '../sync-client/backend-fetch.ts';
import { withoutLogin } from './broker-addresses.ts';
import { keyOf } from './open-credentials.ts';
import { isRefusal } from './refusals.ts';
import { type KeyStoreName, readIdentity, type TillIdentity } from './till-identity.ts';
import { type AccessToken, TokenClient } from './token-client.ts';

/** A token that was just given, and what it is for. */
export interface CurrentToken {
  readonly token: string;
  readonly scopes: readonly string[];
  readonly expiresAt: Date;
  readonly terminalId: string;
  /** Where it is the password for; without user and password. */
  readonly brokerUrls: readonly string[];
}

/** What a till can say of itself without being started. */
export interface TillStanding {
  /** Null: not activated. */
  readonly identity: TillIdentity | null;
  readonly keyStore: KeyStoreName | null;
  /** Whether the server gives it a token now. */
  readonly token: boolean;
  /** Null when a token is given. */
  readonly code: ErrorCode | null;
  /** In a cashier's words. */
  readonly detail: string;
}

/**
 * Gets a token for the till in this folder.
 * @throws TillcastError `terminal_not_activated`, `secret_unreadable`, a refusal, `backend_unavailable`
 */
export async function currentToken(config: TerminalConfig): Promise<CurrentToken> {
  const identity = readIdentity(config.dataDir);
  if (identity === null) {
    throw new TillcastError(
      'terminal_not_activated',
      `The till in ${config.dataDir} is not activated: run \`tillcast terminal activate --license KEY\`.`,
    );
  }
  const key = await keyOf(identity, config);
  let brokerUrls: readonly string[] = [];
  const client = new TokenClient({
    backendUrl: config.syncApiUrl ?? identity.backend_url,
    fetch: backendFetch(config),
    terminalId: identity.terminal_id,
    issuer: identity.issuer,
    key,
    clock: systemTillClock,
    monotonicMs: () => performance.now(),
    random: Math.random,
    logger: silentLogger,
    onToken: (_token, { broker }) => {
      brokerUrls = config.brokerNamed ? config.broker.urls.map(withoutLogin) : broker.urls;
    },
    onRefused: () => undefined,
  });
  try {
    const token = await client.current();
    return {
      token: token.text,
      scopes: token.scope.split(' ').filter((scope) => scope !== ''),
      expiresAt: endOf(token),
      terminalId: identity.terminal_id,
      brokerUrls,
    };
  } finally {
    await client.stop();
  }
}

/** Who the till in this folder is, and whether the server would let it in now. @throws TillcastError `configuration_invalid` */
export async function tillStanding(config: TerminalConfig): Promise<TillStanding> {
  const identity = readIdentity(config.dataDir);
  const keyStore = identity?.key.store ?? null;
  try {
    await currentToken(config);
    return { identity, keyStore, token: true, code: null, detail: 'The server lets this till in.' };
  } catch (thrown) {
    const { code, message } = asTillcastError(thrown);
    const detail = isRefusal(code) && identity !== null ? `${refusalText(code)} ${message}` : message;
    return { identity, keyStore, token: false, code, detail };
  }
}

function endOf({ endsAtMs }: AccessToken): Date {
  return new Date(Date.now() + endsAtMs - performance.now());
}
