import { TillcastError } from '@tillcast/protocol/errors';
import type { ActivityAnswer, SyncNowAnswer, TerminalState } from '@tillcast/protocol/http/terminal-api';
import { ITEM_KINDS, isItemKind } from '@tillcast/protocol/items/kind';
import type { FastifyInstance } from 'fastify';
import type { TillView } from '../till-view.ts';
import { EventStream } from './event-stream.ts';
import { SECURITY_HEADERS } from './guard.ts';

/** More pages than this are not open at one till; each costs memory. */
const STREAMS_MAX = 32;

/** What the till's page asks for, under `/api`. */
export function addApiRoutes(app: FastifyInstance, view: TillView): void {
  const streams = new Set<EventStream>();

  app.addHook('onSend', async (request, reply) => {
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
  });
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end();
  });

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

  app.get('/api/events', (_request, reply) => {
    if (streams.size >= STREAMS_MAX) {
      throw new TillcastError('overloaded', `${STREAMS_MAX} event streams are open already; close one.`);
    }
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      connection: 'keep-alive',
    });
    const stream = new EventStream(raw, view);
    streams.add(stream);
    raw.once('close', () => streams.delete(stream));
  });
}
