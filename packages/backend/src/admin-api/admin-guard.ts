import { TillcastError } from '@tillcast/protocol/errors';
import type { App } from '../http/app-types.ts';
import type { ApiKeyCheck } from './api-keys.ts';

/** Puts the API key before every route of this scope, before query or body are looked at. */
export function guardByApiKey(scope: App, isApiKey: ApiKeyCheck): void {
  scope.addHook('onRequest', async (request, reply) => {
    const header = request.headers.authorization;
    const [, key] = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(header ?? '') ?? [];
    if (key === undefined) {
      reply.header('www-authenticate', 'Bearer realm="tillcast"');
      throw new TillcastError(
        'credentials_missing',
        'The admin API wants its key: send Authorization: Bearer <key>. By default it is in .tillcast/admin-api-key.',
      );
    }
    if (!(await isApiKey(key))) {
      throw new TillcastError('api_key_invalid', 'The API key is not valid: check TILLCAST_API_KEY.');
    }
  });
}
