import {
  ADMIN_PATHS,
  broadcastRequestSchema,
  broadcastResultSchema,
  terminalListSchema,
} from '@tillcast/protocol/http/admin-api';
import { createBroadcast } from '../broadcasts/create-broadcast.ts';
import type { App } from '../http/app-types.ts';
import { answer, BODY_REFUSALS, refusals } from '../http/error-answers.ts';
import { TERMINAL_EXAMPLE } from '../http/examples.ts';
import { listTerminals } from '../terminals/list-terminals.ts';
import { ADMIN, type AdminDependencies, KEY_REFUSALS } from './admin-dependencies.ts';

/** Adds the routes that concern all terminals: what they last said, and a word to all of them. */
export function addFleetRoutes(app: App, on: AdminDependencies): void {
  app.get(
    ADMIN_PATHS.terminals,
    {
      schema: {
        ...ADMIN,
        operationId: 'listTerminals',
        summary: 'What each terminal last said of itself',
        response: {
          200: answer('The terminals', terminalListSchema, {
            at: '2026-11-23T14:03:31.000Z',
            terminals: [TERMINAL_EXAMPLE],
          }),
          ...refusals(...KEY_REFUSALS),
        },
      },
    },
    async () => {
      const at = on.now().toISOString();
      return { at, terminals: await listTerminals(on.database) };
    },
  );

  app.post(
    ADMIN_PATHS.broadcasts,
    {
      schema: {
        ...ADMIN,
        operationId: 'createBroadcast',
        summary: 'Say something on every terminal',
        body: broadcastRequestSchema,
        bodyExample: { type: 'system_notice', message: 'Card payments are back.', severity: 'info' },
        response: {
          202: answer('It is kept and on its way', broadcastResultSchema, {
            id: '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a11',
            expires_at: '2026-11-24T14:03:22.118Z',
          }),
          ...refusals(...KEY_REFUSALS, ...BODY_REFUSALS),
        },
      },
    },
    async (request, reply) => {
      const created = await createBroadcast(on.database, request.body, { now: on.now, signer: on.keys });
      request.log.info({ id: created.id, type: request.body.type }, 'A broadcast was accepted');
      return reply.code(202).send(created);
    },
  );
}
