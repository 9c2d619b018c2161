import { TillcastError } from '@tillcast/protocol/errors';
import type { FastifyInstance } from 'fastify';
import { type EventSource, EventStream } from './event-stream.ts';
import { SECURITY_HEADERS } from './guard.ts';

/** More pages than this are not open at one till; each costs memory. */
const STREAMS_MAX = 32;

/** `GET /api/events`: a stream for each page, which ends with the server. */
export function addEventRoute(app: FastifyInstance, source: EventSource): void {
  const streams = new Set<EventStream>();
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end();
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
    const stream = new EventStream(raw, source);
    streams.add(stream);
    raw.once('close', () => streams.delete(stream));
  });
}
