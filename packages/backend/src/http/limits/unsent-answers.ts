import { Socket } from 'node:net';
import { TillcastError } from '@tillcast/protocol/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BackendMetrics } from '../../metrics/metrics.ts';
import type { App } from '../app-types.ts';
import { addressKey } from './address-key.ts';
import { PIECE_BYTES, pacedBody } from './paced-body.ts';

const MIB = 1024 * 1024;

/** What answers may take that were asked for and are not read. */
export interface UnsentBounds {
  /** What the terminals of one license may leave unread. */
  readonly licenseBytes: number;
  /** What one address may, where nobody was admitted as a license's. */
  readonly addressBytes: number;
  /** What all of them may; then whoever has more than `fairBytes` waits. */
  readonly totalBytes: number;
  readonly fairBytes: number;
  /** Who takes nothing of an answer for so long is cut off. */
  readonly silenceMs: number;
}

/**
 * A thousand tills that take a snapshot of 20 MiB at once, over TLS, wait for 150 MiB. The silence is long as the
 * system takes some MiB of an answer before it says that a slow line took anything.
 */
export const UNSENT_BOUNDS: UnsentBounds = {
  licenseBytes: 256 * MIB,
  addressBytes: 32 * MIB,
  totalBytes: 768 * MIB,
  fairBytes: 16 * MIB,
  silenceMs: 120_000,
};

/** What a request takes until its answer is taken, besides the answer's body. */
const REQUEST_BYTES = 8 * 1024;
/** What a paced answer takes of its own beside the body that it shares: two pieces that wait, or are encrypted. */
const WINDOW_BYTES = 2 * PIECE_BYTES;
/** Less is no matter, and a refusal is as long. */
const SMALL_BYTES = 4 * 1024;

interface Owner {
  readonly name: string;
  readonly maxBytes: number;
  bytes: number;
  /** How many answers under way share a body. */
  readonly shared: Map<Buffer, number>;
}

/**
 * Counts what clients have asked for and not yet taken, by license, or by address before that is known: who asks
 * on and on and reads nothing would else fill the memory. A body that many are sent is counted once, as it is there
 * once.
 */
export class UnsentAnswers {
  readonly #bounds: UnsentBounds;
  readonly #metrics: Pick<BackendMetrics, 'shed' | 'unsent'>;
  readonly #owners = new Map<string, Owner>();
  readonly #licenses = new WeakMap<FastifyRequest, number>();
  readonly #releases = new WeakMap<Socket, Set<() => void>>();
  #total = 0;

  constructor(options: {
    readonly metrics: Pick<BackendMetrics, 'shed' | 'unsent'>;
    readonly bounds?: UnsentBounds;
  }) {
    this.#metrics = options.metrics;
    this.#bounds = options.bounds ?? UNSENT_BOUNDS;
  }

  /** Bytes that are not taken yet: of one license (`license 5`) or address, or of all. */
  bytesOf(name?: string): number {
    return name === undefined ? this.#total : (this.#owners.get(name)?.bytes ?? 0);
  }

  /** Counts what this request is answered as a license's. */
  countFor(request: FastifyRequest, licenseId: number): void {
    this.#licenses.set(request, licenseId);
  }

  /** Before each answer is sent: refuses it with `overloaded` where its asker leaves too much unread. */
  guard(app: App): void {
    app.addHook('onSend', (request, reply, payload: unknown, done) => {
      const body = Buffer.isBuffer(payload) && payload.length > PIECE_BYTES ? payload : null;
      const owner = this.#ownerOf(request);
      const ownBytes = REQUEST_BYTES + (body === null ? sizeOf(payload) : WINDOW_BYTES);
      const bytes = ownBytes + (body === null || owner.shared.has(body) ? 0 : body.length);
      if (this.#isTooMuch(owner, bytes)) {
        if (bytes > REQUEST_BYTES + SMALL_BYTES) {
          this.#metrics.shed('unsent_bytes');
          done(tooMuchUnread());
          return;
        }
        // Refusals that nobody reads pile up too.
        if (owner.bytes > 2 * owner.maxBytes) request.raw.socket.destroy();
      }
      this.#count(owner, { ownBytes, body }, request, reply);
      if (body === null) {
        done();
        return;
      }
      reply.header('content-length', body.length);
      done(null, pacedBody(body));
    });
  }

  #ownerOf(request: FastifyRequest): Owner {
    const licenseId = this.#licenses.get(request);
    const name = licenseId === undefined ? `address ${addressKey(request.ip)}` : `license ${licenseId}`;
    const maxBytes = licenseId === undefined ? this.#bounds.addressBytes : this.#bounds.licenseBytes;
    return this.#owners.get(name) ?? { name, maxBytes, bytes: 0, shared: new Map() };
  }

  /** One alone is sent however large it is. */
  #isTooMuch(owner: Owner, bytes: number): boolean {
    const { totalBytes, fairBytes } = this.#bounds;
    if (owner.bytes === 0) return false;
    const after = owner.bytes + bytes;
    return after > owner.maxBytes || (this.#total + bytes > totalBytes && after > fairBytes);
  }

  #count(
    owner: Owner,
    { ownBytes, body }: { readonly ownBytes: number; readonly body: Buffer | null },
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const { socket } = request.raw;
    if (socket.destroyed) return;
    if (socket instanceof Socket) reply.raw.setTimeout(this.#bounds.silenceMs);
    this.#owners.set(owner.name, owner);
    this.#add(owner, ownBytes);
    if (body !== null) this.#share(owner, body, 1);
    const releases = this.#releasesOf(socket);
    const release = (): void => {
      if (!releases.delete(release)) return;
      if (body !== null) this.#share(owner, body, -1);
      this.#add(owner, -ownBytes);
      if (owner.bytes === 0) this.#owners.delete(owner.name);
    };
    releases.add(release);
    reply.raw.once('finish', release);
    reply.raw.once('close', release);
  }

  #share(owner: Owner, body: Buffer, by: 1 | -1): void {
    const count = (owner.shared.get(body) ?? 0) + by;
    if (by === 1 && count === 1) this.#add(owner, body.length);
    if (count > 0) {
      owner.shared.set(body, count);
      return;
    }
    owner.shared.delete(body);
    this.#add(owner, -body.length);
  }

  #add(owner: Owner, bytes: number): void {
    owner.bytes += bytes;
    this.#total += bytes;
    this.#metrics.unsent(this.#total);
  }

  /** An answer that waits behind another on its connection is not told that the connection ended: so we ask that. */
  #releasesOf(socket: Socket): Set<() => void> {
    const known = this.#releases.get(socket);
    if (known !== undefined) return known;
    const releases = new Set<() => void>();
    this.#releases.set(socket, releases);
    socket.once('close', () => {
      for (const release of releases) release();
    });
    return releases;
  }
}

/** A stream holds what waits in it. */
function sizeOf(payload: unknown): number {
  if (typeof payload === 'string') return Buffer.byteLength(payload);
  if (Buffer.isBuffer(payload)) return payload.length;
  return payload === null || payload === undefined ? 0 : WINDOW_BYTES;
}

function tooMuchUnread(): TillcastError {
  const message = 'Too many answers are waiting to be read: read them, and try again in a few seconds.';
  return new TillcastError('overloaded', message);
}
