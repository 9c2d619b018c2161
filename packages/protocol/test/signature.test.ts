import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeMessage, encodeBroadcast } from '../src/messages/envelope.ts';
import {
  formatSignature,
  parseSignature,
  type SignedHead,
  signedHeadOf,
  signedText,
} from '../src/messages/signature.ts';

/** The key pair of RFC 8037, appendix A. */
const PUBLIC = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
const PRIVATE = { ...PUBLIC, d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A' };

const BODY =
  '{"id":"0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a11","type":"price_update","license_key":"EXTRO-LIFE-ABC123","epoch":"k3v9m2x7q1b8c4d6","version":42,"digest":"9f86d081884c7d65","timestamp":"2026-11-23T14:03:22.118Z","payload":{"product_id":"PROD-001","product_name":"Cappuccino","new_price":12.99,"currency":"GBP"}}';
const CHANGE: SignedHead = {
  license_key: 'EXTRO-LIFE-ABC123',
  at: { epoch: 'k3v9m2x7q1b8c4d6', version: 42, digest: '9f86d081884c7d65' },
};

test('[E6] the text that is signed of a change is this, byte by byte, and so is its signature', () => {
  const bodyDigest = hash('sha256', BODY, 'hex');
  expect(bodyDigest).toBe('06b74be23991372cd4b90899c787c583a1a8c48399f4763ab51adefc84c04c26');
  const text = signedText(CHANGE, bodyDigest);
  expect(text).toBe(
    `tillcast-message-1\nEXTRO-LIFE-ABC123\nk3v9m2x7q1b8c4d6\n42\n9f86d081884c7d65\n${bodyDigest}`,
  );
  const key = createPrivateKey({ key: PRIVATE, format: 'jwk' });
  // Ed25519 signatures are a function of key and text.
  const signature = sign(null, Buffer.from(text), key).toString('base64url');
  expect(signature).toBe(
    'JBKI_b4tRmojTs0WV3AFGEiF2qqC4M4Y1mgiKMRFHg8YGRQBJ04LzzxUK-mClIBU-SDR2HAjPfnL7j1lyNMZDw',
  );
  const publicKey = createPublicKey({ key: PUBLIC, format: 'jwk' });
  expect(verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
});

test('[E6] the text that is signed of a broadcast is outside every history', () => {
  expect(signedText({ license_key: '*', at: null }, 'abc')).toBe('tillcast-message-1\n*\n-\n0\n-\nabc');
});

test('[E5] what a signature must speak for is read from the message itself', () => {
  expect(signedHeadOf(decodeMessage(BODY))).toEqual(CHANGE);
  const notice = encodeBroadcast({
    id: '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a11',
    type: 'broadcast.system_notice',
    license_key: '*',
    timestamp: '2026-11-23T14:03:22.118Z',
    expires_at: '2026-11-24T14:03:22.118Z',
    payload: { message: 'Cards are back.', severity: 'info' },
  });
  expect(signedHeadOf(decodeMessage(notice))).toEqual({ license_key: '*', at: null });
});

test('[E6] no two heads or bodies share a text', () => {
  const field = fc.stringMatching(/^[A-Za-z0-9*-]{1,12}$/);
  const head = fc.record({
    license_key: field,
    at: fc.option(fc.record({ epoch: field, version: fc.nat(), digest: field })),
  });
  const signed = fc.tuple(head, field);
  fc.assert(
    fc.property(signed, signed, ([oneHead, oneBody], [otherHead, otherBody]) => {
      const same = JSON.stringify([oneHead, oneBody]) === JSON.stringify([otherHead, otherBody]);
      // A change never has this epoch: an epoch has at least eight letters or digits.
      fc.pre(oneHead.at?.epoch !== '-' && otherHead.at?.epoch !== '-');
      expect(signedText(oneHead, oneBody) === signedText(otherHead, otherBody)).toBe(same);
    }),
  );
});

test('[E5] a header is key and signature; anything else is none', () => {
  const signature = { kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k', signature: 'A'.repeat(86) };
  expect(parseSignature(formatSignature(signature))).toEqual(signature);
  const { kid } = signature;
  for (const bad of [
    undefined,
    null,
    7,
    '',
    kid,
    `${kid}.`,
    `${kid}.${'A'.repeat(85)}`,
    `${kid}.${'='.repeat(86)}`,
  ]) {
    expect(parseSignature(bad)).toBeNull();
  }
  expect(parseSignature(`short.${'A'.repeat(86)}`)).toBeNull();
  expect(parseSignature(`${formatSignature(signature)}\n`)).toBeNull();
  expect(parseSignature({ toString: () => formatSignature(signature) })).toBeNull();
});
