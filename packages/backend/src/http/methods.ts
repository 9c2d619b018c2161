import { TillcastError } from '@tillcast/protocol/errors';
import type { HTTPMethods } from 'fastify';
import type { App } from './app-types.ts';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The methods of each path, as routes are added. */
export type MethodTable = ReadonlyMap<string, ReadonlySet<string>>;

/** Notes every route that is added to the app from here on, in whatever plugin. */
export function watchMethods(app: App): MethodTable {
  const table = new Map<string, Set<string>>();
  app.addHook('onRoute', (route) => {
    const methods = table.get(route.url) ?? new Set<string>();
    for (const method of [route.method].flat()) methods.add(method);
    table.set(route.url, methods);
  });
  return table;
}

/**
 * Answers the other methods of every path: OPTIONS says what is allowed, the rest are 405 with `Allow`
 * (Fastify alone would say 404). Refused before a body is read.
 */
export function refuseOtherMethods(app: App, table: MethodTable): void {
  for (const [url, methods] of [...table].map(([path, set]) => [path, new Set(set)] as const)) {
    if (url.includes('*')) continue;
    const allowed = [...methods, ...(methods.has('OPTIONS') ? [] : ['OPTIONS'])].toSorted().join(', ');
    for (const method of METHODS) {
      if (methods.has(method) || app.hasRoute({ method, url })) continue;
      app.route({
        method,
        url,
        schema: { hide: true },
        onRequest: async (request, reply) => {
          reply.header('allow', allowed);
          if (request.method === 'OPTIONS') return reply.code(204).send();
          throw new TillcastError(
            'method_not_allowed',
            `${request.method} is not allowed here: use ${allowed}.`,
          );
        },
        handler: (_request, reply) => reply.code(204).send(),
      });
    }
  }
}
