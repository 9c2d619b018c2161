import { randomBytes } from 'node:crypto';
import {
  type BrokerAttempt,
  type BrokerProbe,
  certificateFault,
  createFetch,
  probeBroker,
} from '@tillcast/broker';
import { asTillcastError } from '@tillcast/protocol/errors';
import { problemSchema } from '@tillcast/protocol/http/problem';
import { LICENSE_KEY_HEADER, SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { TERMINAL_STATUS_WORDS } from '@tillcast/protocol/replica/status';
import { bindingsOf } from '@tillcast/protocol/routing';
import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import {
  type CurrentToken,
  currentToken,
  inspectTillFiles,
  parseTerminalConfig,
  readIdentity,
  type TerminalConfig,
  type TillIdentity,
} from '@tillcast/terminal';
import { z } from 'zod';
import { DEFAULT_URL } from '../../api/locate.ts';
import type { Place } from '../place.ts';
import { type Known, known, type TillFacts, type TokenFacts, unknown } from './facts.ts';

const PAGE_TIMEOUT_MS = 2_000;
const KEY_TIMEOUT_MS = 8_000;

const runningSchema = z.object({
  terminal_id: z.string(),
  status: z.enum(TERMINAL_STATUS_WORDS),
  reason: z.string(),
  behind: z.number().nullable(),
});

/** This machine's till, and how its way to the broker is. */
export interface ReadTill {
  readonly till: Known<TillFacts>;
  readonly lines: Known<readonly BrokerProbe[]>;
}

/** Looks at this machine's till as it does itself at its start, with a token of its own; running or not. */
export async function readTill(place: Place): Promise<ReadTill> {
  const { tillDir } = place;
  if (tillDir === null) {
    const none = unknown('there is no till on this machine; --data-dir names the folder of one');
    return { till: none, lines: none };
  }
  const found = identityIn(tillDir);
  const config = configOf(place, tillDir);
  const files = inspectTillFiles(tillDir);
  const base = { dataDir: tillDir, ...found, ...files };
  if (config === null) {
    const lines = unknown('the till’s configuration is not valid');
    return { till: known({ ...base, token: null, running: null }), lines };
  }
  if (found.identity === null) {
    const token = config.licenseKey === null ? null : await askByKey(config.licenseKey, config);
    return { till: known({ ...base, token, running: null }), lines: unknown('the till is not activated') };
  }
  const { identity } = found;
  const [asked, running] = await Promise.all([askToken(config), askPage(config, identity)]);
  if ('code' in asked) {
    const token = { given: false, ...asked } as const;
    return { till: known({ ...base, token, running }), lines: unknown('the till got no token') };
  }
  const token = { given: true, scopes: asked.scopes } as const;
  return {
    till: known({ ...base, token, running }),
    lines: known(await probeAsTill(asked, identity, config)),
  };
}

function identityIn(dataDir: string): Pick<TillFacts, 'identity' | 'identityFault'> {
  try {
    return { identity: readIdentity(dataDir), identityFault: null };
  } catch (error) {
    return { identity: null, identityFault: asTillcastError(error).message };
  }
}

function configOf(place: Place, tillDir: string): TerminalConfig | null {
  const { HOST, PORT, ...rest } = place.env;
  const own = place.backendDir === null ? { HOST, PORT } : {};
  try {
    return parseTerminalConfig({ ...rest, ...own, TILLCAST_DATA_DIR: tillDir });
  } catch (error) {
    if (asTillcastError(error).code === 'configuration_invalid') return null;
    throw error;
  }
}

async function askToken(
  config: TerminalConfig,
): Promise<CurrentToken | { readonly code: string; readonly message: string }> {
  try {
    return await currentToken(config);
  } catch (error) {
    const { code, message } = asTillcastError(error);
    return { code, message };
  }
}

/** Whether the backend takes a license key alone, and this one's license stands. */
async function askByKey(licenseKey: string, config: TerminalConfig): Promise<TokenFacts> {
  const url = `${config.syncApiUrl ?? DEFAULT_URL}${SYNC_PATHS.version}`;
  try {
    const answer = await createFetch(config.syncApiCaPem)(url, {
      headers: { [LICENSE_KEY_HEADER]: licenseKey },
      signal: AbortSignal.timeout(KEY_TIMEOUT_MS),
    });
    if (answer.ok) return { given: true, scopes: [] };
    const problem: unknown = await answer.json();
    const { code, detail } = problemSchema.parse(problem);
    return { given: false, code, message: detail };
  } catch (error) {
    const message = certificateFault(error, 'SYNC_API_CA_FILE') ?? asTillcastError(error).message;
    return { given: false, code: 'backend_unavailable', message };
  }
}

/** What the till itself says, where it runs. */
async function askPage(
  { host, port }: TerminalConfig,
  { terminal_id: terminalId }: TillIdentity,
): Promise<TillFacts['running']> {
  const address = host.includes(':') ? `[${host}]` : host;
  try {
    const answer = await fetch(`http://${address}:${port}/api/state`, {
      signal: AbortSignal.timeout(PAGE_TIMEOUT_MS),
    });
    const state: unknown = await answer.json();
    return stateOf(state, terminalId);
  } catch (error) {
    // It does not run, or somebody else has its port.
    if (error instanceof Error) return null;
    throw error;
  }
}

function stateOf(state: unknown, terminalId: string): TillFacts['running'] {
  const parsed = runningSchema.safeParse(state);
  if (!parsed.success || parsed.data.terminal_id !== terminalId) return null;
  const { status, reason, behind } = parsed.data;
  return { status, reason, behind };
}

/** Declares and binds a queue as the till does, and gives it up again. */
function probeAsTill(
  { token, brokerUrls, terminalId }: CurrentToken,
  { license_key: licenseKey }: TillIdentity,
  config: TerminalConfig,
): Promise<readonly BrokerProbe[]> {
  const queue = `terminal.${terminalId}.${randomBytes(9).toString('base64url')}`;
  const settings = { exclusive: true, autoDelete: true, durable: false };
  const attempts: readonly BrokerAttempt[] = [
    { what: 'declare a queue of the till’s own', act: (channel) => channel.assertQueue(queue, settings) },
    ...bindingsOf(licenseKey).map((pattern) => ({
      what: `bind ${pattern}`,
      act: (channel: Parameters<BrokerAttempt['act']>[0]) =>
        channel.bindQueue(queue, EVENTS_EXCHANGE.name, pattern),
    })),
  ];
  return Promise.all(
    brokerUrls.map((url) =>
      probeBroker({
        url,
        credentials: { username: terminalId, password: token },
        caPem: config.broker.caPem,
        attempts,
      }),
    ),
  );
}
