import { connect as connectSocket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { type ChannelModel, connect, type SocketOptions, credentials as sasl } from 'amqplib';
import { parseBrokerUrl } from './broker-url.ts';

/** The part of TLS that is configured; certificates are always verified. */
export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'servername'>;

/** A login: a user and a password, or any user name and a token as the password. */
export interface BrokerCredentials {
  readonly username: string;
  readonly password: string;
}

/** What one attempt needs. */
export interface ConnectOnceOptions {
  readonly url: string;
  readonly credentials: BrokerCredentials | null;
  readonly tls: TlsOptions;
  readonly heartbeatSeconds: number;
  readonly connectTimeoutMs: number;
  readonly connectionName: string;
  readonly signal: AbortSignal;
  /** The network that this attempt and its connection live on; left out or null: there is no telling. */
  readonly link?: AbortSignal | null;
}

/** A connection, and the means to end it when its peer no longer answers. */
export interface Connected {
  readonly model: ChannelModel;
  /** Destroys the socket without AMQP's closing handshake. */
  destroy(): void;
}

/**
 * One attempt to connect to one host.
 *
 * `noDelay` always: with Nagle's algorithm a confirmed round trip to a quorum queue took 44 ms instead of 1 ms.
 * The heartbeat goes into the URL's query, since amqplib reads it from there when the URL is a string.
 */
export async function connectOnce(options: ConnectOnceOptions): Promise<Connected> {
  options.signal.throwIfAborted();
  options.link?.throwIfAborted();
  const url = parseBrokerUrl(options.url);
  url.searchParams.set('heartbeat', String(options.heartbeatSeconds));
  const life = new AbortController();
  const abort = (): void => life.abort(options.signal.reason);
  options.signal.addEventListener('abort', abort, { once: true });
  const tearOff = (): void => life.abort(options.link?.reason);
  const unlink = (): void => options.link?.removeEventListener('abort', tearOff);
  options.link?.addEventListener('abort', tearOff, { once: true });
  const socketOptions: SocketOptions & ConnectionOptions & { signal?: AbortSignal } = {
    ...options.tls,
    noDelay: true,
    keepAlive: true,
    timeout: options.connectTimeoutMs,
    clientProperties: { connection_name: options.connectionName },
  };
  if (options.credentials !== null) {
    socketOptions.credentials = sasl.plain(options.credentials.username, options.credentials.password);
  }
  if (url.protocol === 'amqp:') {
    socketOptions.signal = life.signal;
  } else {
    // `node:tls` knows no `signal`; it is given to the socket underneath.
    const port = url.port === '' ? 5671 : Number(url.port);
    // Said, lest NODE_TLS_REJECT_UNAUTHORIZED in the environment says otherwise.
    socketOptions.rejectUnauthorized = true;
    socketOptions.minVersion = 'TLSv1.2';
    socketOptions.socket = connectSocket({ host: bareHost(url), port, noDelay: true, signal: life.signal });
  }
  try {
    const model = await connect(url.href, socketOptions);
    // `error` goes before `close`, which carries the same cause and is what we follow; but without a
    // listener for it the process would end.
    model.on('error', () => undefined);
    model.once('close', unlink);
    return { model, destroy: () => life.abort(new Error('The connection was given up')) };
  } catch (error) {
    unlink();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', abort);
  }
}

function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}
