import { generateKeyPairSync, hash, randomBytes, sign } from 'node:crypto';
import type { MessageKey } from '@tillcast/protocol/http/identity-api';
import { formatSignature, type SignedHead, signedText } from '@tillcast/protocol/messages/signature';

/** Signs messages with a key of its own, as a backend does. */
export interface TestMessageSigner {
  /** The key's public half, as tills get it. */
  readonly key: MessageKey;
  /** The value of the signature header. */
  sign(head: SignedHead, body: string): string;
}

export function testMessageSigner(): TestMessageSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const kid = randomBytes(32).toString('base64url');
  return {
    key: { kid, kty: 'OKP', crv: 'Ed25519', x },
    sign: (head, body) => {
      const text = signedText(head, hash('sha256', body, 'hex'));
      return formatSignature({
        kid,
        signature: sign(null, Buffer.from(text), privateKey).toString('base64url'),
      });
    },
  };
}
