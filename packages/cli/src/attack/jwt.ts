import { type KeyObject, sign } from 'node:crypto';

/** A part of a JWT as it goes on the wire. */
export function jwtPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Signs whatever header and claims it is given with a P-256 key. */
export function signEs256(header: object, claims: object, key: KeyObject): string {
  const text = `${jwtPart(header)}.${jwtPart(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}
