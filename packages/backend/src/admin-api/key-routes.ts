import { ADMIN_PATHS, rotateKeySchema, signingKeyListSchema } from '@tillcast/protocol/http/admin-api';
import type { App } from '../http/app-types.ts';
import { answer, BODY_REFUSALS, refusals } from '../http/error-answers.ts';
import { SIGNING_KEY_EXAMPLE } from '../http/examples.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { ADMIN, KEY_REFUSALS } from './admin-dependencies.ts';

/** Adds the routes that show the signing keys and let the next one sign. */
export function addKeyRoutes(app: App, on: { readonly keys: KeyRing }): void {
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
}
