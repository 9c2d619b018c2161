import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { MessageSigner } from '@tillcast/backend/internals';
import { formatSignature, signedText } from '@tillcast/protocol/messages/signature';
import type { MessageKeys, SignatureCheck } from '@tillcast/terminal/internals';

const KID = 'simulated-key';
const KEY: KeyObject = createSecretKey(Buffer.from('what every backend of the simulation signs with'));

/**
 * Signatures of the simulation: HMAC-SHA-512 in the place of Ed25519, which would take most of a run's time. What
 * is signed, how it stands in the message and what a till believes is the product's own.
 */
export const simulatedSigner: Pick<MessageSigner, 'sign'> = {
  sign: (head, body) => {
    const text = signedText(head, hash('sha256', body, 'hex'));
    return formatSignature({ kid: KID, signature: signatureOf(text, KEY) });
  },
};

export const checkSimulatedSignature: SignatureCheck = (text, key, signature) =>
  signatureOf(text, key) === signature;

/** The keys that a till of the simulation knows. */
export const simulatedKeys: MessageKeys = {
  find: (kid) => (kid === KID ? KEY : null),
  unknown: () => null,
};

function signatureOf(text: string, key: KeyObject): string {
  return createHmac('sha512', key).update(text).digest('base64url');
}
