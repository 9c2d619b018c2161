import type { RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { asTillcastError } from '@tillcast/protocol/errors';
import type { Logger } from 'pino';
import { type Certificate, type CertificateFiles, loadCertificate } from './certificate.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** From then on the log says each day that the certificate is to be renewed. */
const RENEW_BEFORE_MS = 30 * DAY_MS;

const HANDSHAKE_TIMEOUT_MS = 10_000;

/** The bounds of a server, in milliseconds. */
export type ServerTimeouts = Pick<
  ServerOptions,
  'connectionsCheckingInterval' | 'requestTimeout' | 'keepAliveTimeout'
>;

/** What a TLS endpoint stands on. */
export interface TlsEndpointOptions {
  readonly files: CertificateFiles;
  readonly logger: Logger;
  readonly now: () => Date;
  /** How often the files are looked at. Default 10,000. */
  readonly lookEveryMs?: number;
}

/**
 * Makes HTTPS servers (TLS 1.2 and newer, Node's ciphers) and keeps their certificate that of the files: a
 * changed pair is taken for new connections, and those that are open stay. A pair that is no good is left, the
 * one before it stays in use, and the log says so.
 */
export class TlsEndpoint implements Disposable {
  readonly #options: TlsEndpointOptions;
  readonly #servers = new Set<Server>();
  readonly #timer: NodeJS.Timeout;
  #certificate: Certificate;
  /** The last reason for which a changed pair was not taken: said once. */
  #trouble: string | null = null;
  #remindedAtMs = 0;

  /** @throws TillcastError `configuration_invalid` when the files hold no certificate with its key */
  constructor(options: TlsEndpointOptions) {
    this.#options = options;
    this.#certificate = loadCertificate(options.files);
    this.#timer = setInterval(() => this.#look(), options.lookEveryMs ?? 10_000).unref();
    this.#remind();
  }

  /** A server with the certificate of now, and with each one to come. */
  createServer(handler: RequestListener, timeouts: ServerTimeouts): Server {
    const server = createServer(
      { ...timeouts, handshakeTimeout: HANDSHAKE_TIMEOUT_MS, ...contextOf(this.#certificate) },
      handler,
    );
    this.#servers.add(server);
    server.once('close', () => this.#servers.delete(server));
    return server;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#remind();
    const { logger, files } = this.#options;
    try {
      const certificate = loadCertificate(files);
      this.#trouble = null;
      const { certPem, keyPem } = certificate;
      if (certPem === this.#certificate.certPem && keyPem === this.#certificate.keyPem) return;
      for (const server of this.#servers) server.setSecureContext(contextOf(certificate));
      this.#certificate = certificate;
      this.#remindedAtMs = 0;
      logger.info({ expiresAt: certificate.expiresAt }, 'The new certificate is in use');
      this.#remind();
    } catch (error) {
      // Between the writing of the one file and the other they do not fit together: the next look decides.
      const { message } = asTillcastError(error);
      if (this.#trouble !== message) {
        logger.warn({ err: error }, 'The changed certificate cannot be used; the one before it stays in use');
      }
      this.#trouble = message;
    }
  }

  #remind(): void {
    const { now, logger, files } = this.#options;
    const nowMs = now().getTime();
    const { expiresAt } = this.#certificate;
    const leftMs = expiresAt.getTime() - nowMs;
    if (leftMs > RENEW_BEFORE_MS || nowMs - this.#remindedAtMs < DAY_MS) return;
    this.#remindedAtMs = nowMs;
    const fields = { certificate: files.certFile, expiresAt };
    if (leftMs > 0) logger.warn(fields, 'The certificate expires soon: renew it');
    else logger.error(fields, 'The certificate has expired: no client takes it any more; renew it');
  }
}

function contextOf({ certPem, keyPem }: Certificate): SecureContextOptions {
  return { cert: certPem, key: keyPem, minVersion: 'TLSv1.2' };
}
