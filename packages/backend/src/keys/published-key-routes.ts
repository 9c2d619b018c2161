import { createHash } from 'node:crypto';
import { IDENTITY_PATHS, messageKeysSchema } from '@tillcast/protocol/http/identity-api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { App } from '../http/app-types.ts';
import { answer, refusals } from '../http/error-answers.ts';
import { matchesEtag } from '../http/etag.ts';
import { type KeyRing, PUBLISHED_KEYS_MAX_AGE_S } from './key-ring.ts';

const operation = { tags: ['operation'], querystring: z.strictObject({}) };
const headers = {
  etag: { type: 'string', description: 'Names this set of keys' },
  'cache-control': { type: 'string', description: 'How long it may be kept' },
} as const;

const jwksSchema = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal('EC'),
        crv: z.literal('P-256'),
        x: z.string(),
        y: z.string(),
        kid: z.string(),
        alg: z.literal('ES256'),
        use: z.literal('sig'),
      }),
    ),
  })
  .meta({ id: 'TokenKeys' });

/** Adds the public halves of the signing keys; anyone may ask for them, and keep the answer for a minute. */
export function addPublishedKeyRoutes(app: App, keys: KeyRing): void {
  app.get(
    IDENTITY_PATHS.jwks,
    {
      schema: {
        ...operation,
        operationId: 'getTokenKeys',
        summary: 'The public keys of access tokens, as a JSON Web Key Set (RFC 7517)',
        response: {
          200: answer(
            'The current key, the next one, and retired ones that still verify',
            jwksSchema,
            {
              keys: [
                {
                  kty: 'EC',
                  crv: 'P-256',
                  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
                  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
                  kid: 'dMw8SsLDZ6GFkpfDVSJSL6BQ0PbSEZ9xEdmvy0ZbPmw',
                  alg: 'ES256',
                  use: 'sig',
                },
              ],
            },
            headers,
          ),
          ...refusals(),
        },
      },
    },
    async (request, reply) => sendKept(request, reply, keys.jwks),
  );

  app.get(
    IDENTITY_PATHS.messageKeys,
    {
      schema: {
        ...operation,
        operationId: 'getMessageKeys',
        summary: 'The public keys that messages are signed with',
        response: {
          200: answer(
            'The current key, the next one, and retired ones',
            messageKeysSchema,
            {
              keys: [
                {
                  kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
                  kty: 'OKP',
                  crv: 'Ed25519',
                  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
                },
              ],
            },
            headers,
          ),
          ...refusals(),
        },
      },
    },
    async (request, reply) => sendKept(request, reply, { keys: keys.messageKeys }),
  );
}

function sendKept(request: FastifyRequest, reply: FastifyReply, keys: object): FastifyReply {
  const body = JSON.stringify(keys);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  reply.header('etag', etag).header('cache-control', `public, max-age=${PUBLISHED_KEYS_MAX_AGE_S}`);
  if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(body);
}
