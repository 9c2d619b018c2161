import type { Message } from './envelope.ts';

/** The AMQP header with a message's signature: `<kid>.<base64url of the Ed25519 signature>`. */
export const SIGNATURE_HEADER = 'x-tillcast-signature';

/** What a signature speaks for, beside the body. */
export interface SignedHead {
  /** `*` for a broadcast. */
  readonly license_key: string;
  /** Null for a broadcast, which is outside every license's history. */
  readonly at: { readonly epoch: string; readonly version: number; readonly digest: string } | null;
}

/**
 * The text whose UTF-8 bytes are signed. A line each, none of which can hold a line's end; the first keeps
 * a signature from meaning anything elsewhere.
 * @param bodyDigest SHA-256 of the body before compression, in hexadecimal
 */
export function signedText(head: SignedHead, bodyDigest: string): string {
  const { license_key, at } = head;
  const position = at === null ? ['-', '0', '-'] : [at.epoch, String(at.version), at.digest];
  return ['tillcast-message-1', license_key, ...position, bodyDigest].join('\n');
}

/** What a message's signature must speak for. */
export function signedHeadOf(message: Message): SignedHead {
  if (!('epoch' in message)) return { license_key: message.license_key, at: null };
  const { license_key, epoch, version, digest } = message;
  return { license_key, at: { epoch, version, digest } };
}

/** A signature and the key that made it. */
export interface MessageSignature {
  readonly kid: string;
  /** base64url, 64 bytes. */
  readonly signature: string;
}

export const KID_PATTERN = '^[A-Za-z0-9_-]{8,64}$';

const HEADER = /^([A-Za-z0-9_-]{8,64})\.([A-Za-z0-9_-]{86})$/;

export function formatSignature({ kid, signature }: MessageSignature): string {
  return `${kid}.${signature}`;
}

/** A header's value as a signature; null where it is none. */
export function parseSignature(header: unknown): MessageSignature | null {
  const [, kid, signature] = typeof header === 'string' ? (HEADER.exec(header) ?? []) : [];
  return kid === undefined || signature === undefined ? null : { kid, signature };
}
