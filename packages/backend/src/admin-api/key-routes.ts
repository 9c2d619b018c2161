import {
  ADMIN_PATHS,
  type BrokerKeyOutcome,
  revokedKeySchema,
  rotateKeySchema,
  signingKeyIdSchema,
  signingKeyListSchema,
} from '@tillcast/protocol/http/admin-api';
import { z } from 'zod';
import type { App } from '../http/app-types.ts';
import { answer, BODY_REFUSALS, refusals } from '../http/error-answers.ts';
import { SIGNING_KEY_EXAMPLE } from '../http/examples.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { ADMIN, KEY_REFUSALS, refuseBody } from './admin-dependencies.ts';

const keyParams = z.object({ kid: signingKeyIdSchema });

/** Adds the routes that show the signing keys, let the next one sign, and take one that leaked. */
export function addKeyRoutes(
  app: App,
  on: {
    readonly keys: KeyRing;
    /** Has the broker fetch the keys of tokens anew, and closes the connections that tokens opened. */
    readonly renewBrokerKeys: () => Promise<BrokerKeyOutcome>;
  },
): void {
  app.get(
    ADMIN_PATHS.keys,
    {
      schema: {
        ...ADMIN,
        operationId: 'listSigningKeys',
        summary: 'The signing keys of tokens and messages',
        response: {
          200: answer('The keys', signingKeyListSchema, { keys: [SIGNING_KEY_EXAMPLE] }),
          ...refusals(...KEY_REFUSALS),
        },
      },
    },
    async () => ({ keys: on.keys.keys }),
  );

  app.post(
    ADMIN_PATHS.rotateKey,
    {
      schema: {
        ...ADMIN,
        operationId: 'rotateSigningKey',
        summary: 'Let the next key sign, retire the current one, and make a new next one',
        body: rotateKeySchema,
        bodyExample: { purpose: 'token' },
        response: {
          200: answer('The keys as they are now', signingKeyListSchema, { keys: [SIGNING_KEY_EXAMPLE] }),
          ...refusals(...KEY_REFUSALS, ...BODY_REFUSALS, 'rotation_too_soon'),
        },
      },
    },
    async (request) => {
      await on.keys.rotate(request.body.purpose);
      return { keys: on.keys.keys };
    },
  );

  app.post(
    '/api/v1/admin/keys/:kid/revoke',
    {
      preHandler: refuseBody,
      schema: {
        ...ADMIN,
        operationId: 'revokeSigningKey',
        summary: 'Take a key that got into other hands: what it signed counts no more',
        description:
          'Of the current key the next one takes the place at once. For a key of tokens the broker is made to fetch the keys anew, each node whose address the backend knows, and every connection of a token is closed.',
        params: keyParams,
        response: {
          200: answer('The keys as they are now, and what came of telling the broker', revokedKeySchema, {
            keys: [SIGNING_KEY_EXAMPLE],
            broker: { asked: true, connections_closed: 12, nodes: 3, nodes_left: [] },
          }),
          ...refusals(...KEY_REFUSALS, 'request_invalid', 'not_found'),
        },
      },
    },
    async (request) => {
      const purpose = await on.keys.revoke(request.params.kid);
      const broker = purpose === 'token' ? await on.renewBrokerKeys() : null;
      return { keys: on.keys.keys, broker };
    },
  );
}
