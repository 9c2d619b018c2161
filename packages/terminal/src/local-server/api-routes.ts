import { TillcastError } from '@tillcast/protocol/errors';
import type { ActivityAnswer, SyncNowAnswer, TerminalState } from '@tillcast/protocol/http/terminal-api';
import { ITEM_KINDS, isItemKind } from '@tillcast/protocol/items/kind';
import type { FastifyInstance } from 'fastify';
import type { TillView } from '../till-view.ts';
import { addEventRoute } from './event-route.ts';

/** What the till's page asks for, under `/api`. */
export function addApiRoutes(app: FastifyInstance, view: TillView): void {
  addEventRoute(app, view);
  app.get('/api/health', () => view.health());
  app.get('/api/state', (): TerminalState => view.state());
  app.get('/api/activity', (): ActivityAnswer => ({ activity: view.activity() }));
  app.post('/api/sync', (): Promise<SyncNowAnswer> => view.syncNow());

  app.get<{ Params: { kind: string } }>('/api/items/:kind', (request, reply) => {
    const { kind } = request.params;
    if (!isItemKind(kind)) {
      throw new TillcastError(
        'not_found',
        `There are no items of that kind; there are ${ITEM_KINDS.join(', ')}.`,
      );
    }
    return reply.type('application/json; charset=utf-8').send(view.itemsJson(kind));
  });
}
