import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import {
  ASSERTION_TYPE,
  activationSchema,
  IDENTITY_PATHS,
  type TokenAnswer,
  tokenAnswerSchema,
} from '@tillcast/protocol/http/identity-api';

/** A till that is not ours: it was activated, and signs in by the letter of the protocol. */
export interface RawTill {
  readonly terminalId: string;
  readonly licenseKey: string;
  /** Asks for an access token, and gives the whole answer. */
  readonly askForToken: () => Promise<Response>;
  /** An access token. Rejects where none is given. */
  readonly token: () => Promise<TokenAnswer>;
}

/** Activates a till. Rejects where that is refused. */
export async function activateRawTill(
  backendUrl: string,
  license: { readonly key: string; readonly activationCode: string },
  name: string = 'Till',
): Promise<RawTill> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  const answer = await fetch(backendUrl + IDENTITY_PATHS.activate, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      license_key: license.key,
      activation_code: license.activationCode,
      name,
      public_key: { kty, crv, x, y },
    }),
  });
  if (answer.status !== 201) throw new Error(`The activation was refused: ${await answer.text()}`);
  const { terminal_id: terminalId, issuer } = activationSchema.parse(await answer.json());
  const askForToken = (): Promise<Response> =>
    fetch(backendUrl + IDENTITY_PATHS.token, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: assertionOf(terminalId, issuer, privateKey),
      }),
    });
  return {
    terminalId,
    licenseKey: license.key,
    askForToken,
    token: async () => {
      const given = await askForToken();
      if (given.status !== 200) throw new Error(`No token was given: ${await given.text()}`);
      return tokenAnswerSchema.parse(await given.json());
    },
  };
}

function assertionOf(terminalId: string, issuer: string, key: KeyObject): string {
  const now = Math.floor(Date.now() / 1000);
  const head = part({ alg: 'ES256' });
  const claims = part({
    iss: terminalId,
    sub: terminalId,
    aud: issuer,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
  });
  const signature = sign('sha256', Buffer.from(`${head}.${claims}`), { key, dsaEncoding: 'ieee-p1363' });
  return `${head}.${claims}.${signature.toString('base64url')}`;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
