import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App } from './app-types.ts';
import { describeApi, describeRoute } from './openapi-schemas.ts';

type Security = readonly Readonly<Record<string, string[]>>[];

/** The ways to say who one is, as routes refer to them. */
export const TERMINAL_SECURITY: Security = [{ accessToken: [] }, { licenseKey: [] }];
export const ADMIN_SECURITY: Security = [{ apiKey: [] }];

const ABOUT = `The API by which tills keep their catalogs right, and operators change them.

**Errors** are RFC 9457 problems with a stable \`code\`; each answer carries \`X-Request-Id\`. \`errors\` points at what is
wrong: RFC 6901 pointers into the body, \`/query/…\`, \`/path/…\` and \`/header/…\` elsewhere, \`line N\` in imports.

**Sync answers** carry a weak \`ETag\` (send it back as \`If-None-Match\`, for \`304\`) and are compressed as
\`Accept-Encoding\` says: \`zstd\`, \`br\` or \`gzip\`.`;

/** Nothing from outside: scripts, styles and requests of the page come from this server. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Collects the routes that are added after it, for `/openapi.json` and the page at `/docs`. */
export async function addDocumentation(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tillcast',
        version: '1',
        description: ABOUT,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'identity', description: 'How a till becomes and stays itself' },
        { name: 'sync', description: 'What tills ask' },
        { name: 'sales', description: 'What tills sold' },
        { name: 'admin', description: 'What operators and integrators ask' },
        { name: 'operation', description: 'What those ask who run it' },
      ],
      components: {
        securitySchemes: {
          accessToken: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'A terminal’s access token, from `POST /api/v1/token`.',
          },
          licenseKey: {
            type: 'apiKey',
            in: 'header',
            name: 'X-License-Key',
            description:
              "The till's license key alone, where the operator allows it (`TILLCAST_AUTH=license-key`). With a token it may be left out, and must agree.",
          },
          apiKey: {
            type: 'http',
            scheme: 'bearer',
            description: 'The admin API key: by default in `.tillcast/admin-api-key`.',
          },
        },
      },
    },
    transform: describeRoute,
    transformObject: describeApi,
  });

  // The same buffer for all who ask: nobody is known here, and it has hundreds of kilobytes.
  let description: Buffer | null = null;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    description ??= Buffer.from(JSON.stringify(app.swagger()));
    return reply.type('application/json').send(description);
  });

  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // The badge of the page's maker's validator would be an outside request.
    uiConfig: { validatorUrl: null, deepLinking: true, displayRequestDuration: true },
    theme: { title: 'Tillcast API' },
    staticCSP: PAGE_POLICY,
  });
}
