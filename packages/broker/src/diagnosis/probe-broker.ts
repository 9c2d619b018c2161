import { connect as connectSocket } from 'node:net';
import { TillcastError } from '@tillcast/protocol/errors';
import type { ConfirmChannel } from 'amqplib';
import { channelError, connectError, textOf } from '../amqp-error.ts';
import { addressOf, parseBrokerUrl, virtualHostOf } from '../broker-url.ts';
import { type BrokerCredentials, type Connected, connectOnce } from '../connect-once.ts';

/** Something that is tried on a channel of its own. */
export interface BrokerAttempt {
  /** Reads on after "permit to": `bind license.A.#`. */
  readonly what: string;
  readonly act: (channel: ConfirmChannel) => Promise<unknown>;
}

export interface BrokerProbeOptions {
  readonly url: string;
  /** Left out: those in the URL. */
  readonly credentials?: BrokerCredentials;
  /** The authorities to trust for `amqps`, in PEM; null: the system's. */
  readonly caPem: string | null;
  readonly attempts?: readonly BrokerAttempt[];
  /** Bounds each step. Default 8,000. */
  readonly timeoutMs?: number;
}

/** What one address of the broker had to say. Nothing in it is secret. */
export interface BrokerProbe {
  /** `host:port`. */
  readonly address: string;
  readonly vhost: string;
  /** Null: it takes connections. */
  readonly unreachable: string | null;
  /** Why nobody could log in, though it takes connections; null: one could. */
  readonly refused: { readonly code: TillcastError['code']; readonly message: string } | null;
  /** What answered there; null where nothing did. */
  readonly node: { readonly version: string; readonly clusterName: string } | null;
  /** What was tried, and what was said against it. */
  readonly attempts: readonly { readonly what: string; readonly refused: string | null }[];
}

const TIMEOUT_MS = 8_000;

/**
 * Goes the way of a client step by step, so that it can be told which one fails: a TCP connection, a login to the
 * virtual host, then each attempt. Leaves nothing behind.
 * @throws TillcastError `configuration_invalid` for a URL that is none
 */
export async function probeBroker(options: BrokerProbeOptions): Promise<BrokerProbe> {
  const { url, credentials = null, caPem, timeoutMs = TIMEOUT_MS } = options;
  const head = { address: addressOf(url), vhost: virtualHostOf(url) };
  const nothing = { node: null, attempts: [] };
  const unreachable = await whyUnreachable(parseBrokerUrl(url), timeoutMs);
  if (unreachable !== null) return { ...head, unreachable, refused: null, ...nothing };
  let connected: Connected;
  try {
    connected = await connectOnce({
      url,
      credentials,
      tls: caPem === null ? {} : { ca: caPem },
      heartbeatSeconds: 10,
      connectTimeoutMs: timeoutMs,
      connectionName: 'tillcast doctor',
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    const { code, message } = connectError(error, head.address);
    return { ...head, unreachable: null, refused: { code, message }, ...nothing };
  }
  const { model } = connected;
  try {
    const { version, cluster_name: clusterName } = model.connection.serverProperties;
    const attempts: { what: string; refused: string | null }[] = [];
    for (const { what, act } of options.attempts ?? []) {
      const channel = await model.createConfirmChannel();
      attempts.push({ what, refused: await whyRefused(channel, what, act, timeoutMs) });
    }
    const node = { version, clusterName: clusterName ?? '' };
    return { ...head, unreachable: null, refused: null, node, attempts };
  } catch (error) {
    const { code, message } = channelError(error, 'open a channel');
    return { ...head, unreachable: null, refused: { code, message }, ...nothing };
  } finally {
    // An orderly end that does not come is no reason to wait.
    await Promise.race([model.close().catch(() => connected.destroy()), elapsed(1_000)]);
    connected.destroy();
  }
}

async function whyUnreachable(url: URL, timeoutMs: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const fallback = url.protocol === 'amqps:' ? 5671 : 5672;
  const socket = connectSocket({ host, port: url.port === '' ? fallback : Number(url.port) });
  socket.setTimeout(timeoutMs, () => resolve(`no answer within ${timeoutMs / 1_000} s`));
  socket.once('error', (error) => resolve(textOf(error)));
  socket.once('connect', () => resolve(null));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

async function whyRefused(
  channel: ConfirmChannel,
  what: string,
  act: BrokerAttempt['act'],
  timeoutMs: number,
): Promise<string | null> {
  const closed = Promise.withResolvers<never>();
  // Whoever waits for it is told; without a listener the process would end.
  closed.promise.catch(() => undefined);
  let said: unknown = null;
  channel.on('error', (error: unknown) => {
    said ??= error;
    closed.reject(error instanceof Error ? error : new Error(String(error)));
  });
  const late = elapsed(timeoutMs).then(() => {
    throw new TillcastError('broker_unavailable', `It did not answer within ${timeoutMs / 1_000} s.`);
  });
  // That it was late matters to who waits alone, and mostly nobody does any more.
  late.catch(() => undefined);
  try {
    await Promise.race([act(channel), closed.promise, late]);
    await Promise.race([channel.waitForConfirms(), closed.promise, late]);
    await channel.close();
    return null;
  } catch (error) {
    return channelError(said ?? error, what).message;
  }
}

function elapsed(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs).unref();
  });
}
