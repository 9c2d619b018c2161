import {
  type ExportAnswer,
  exportRequestSchema,
  type OrderAnswer,
  type OrdersAnswer,
  orderEditRequestSchema,
  refundRequestSchema,
  type SaleAnswer,
  type SalesListAnswer,
  type SetupAnswer,
  type Staff,
  screenSchema,
  sellRequestSchema,
  signInSchema,
  type TillSession,
} from '@tillcast/protocol/http/till-api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { cookieOf, newSessionId, type SessionId, sessionIdIn } from '../counter/page-session.ts';
import type { TillDesk } from '../counter/till-desk.ts';
import { parsed } from './parsed.ts';

const orderParamsSchema = z.object({ id: z.uuid() });
const listQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
});

/** What the page sells with, under `/api`. @param port the till's */
export function addCounterRoutes(app: FastifyInstance, desk: TillDesk, port: number): void {
  const { counter, sessions } = desk;
  const idOf = (request: FastifyRequest): SessionId | null => sessionIdIn(request.headers.cookie, port);

  /** For whom something is sold or read. */
  const staffAt = (request: FastifyRequest): Staff | null => {
    const id = idOf(request);
    desk.expectStaff(id);
    return sessions.staffOf(id);
  };
  const withSession = (reply: FastifyReply, id: SessionId): TillSession => {
    reply.header('set-cookie', cookieOf(id, port));
    return desk.session(id);
  };

  app.get('/api/setup', (): SetupAnswer => desk.setup());
  app.get('/api/session', (request, reply): TillSession => {
    const id = idOf(request);
    return id === null ? withSession(reply, newSessionId()) : desk.session(id);
  });
  app.post('/api/session/sign-in', async (request, reply): Promise<TillSession> => {
    const id = idOf(request);
    return withSession(reply, await desk.signIn(id, parsed(signInSchema, request.body)));
  });
  app.post('/api/session/sign-out', (request, reply): TillSession => {
    desk.signOut(idOf(request));
    return withSession(reply, newSessionId());
  });

  app.get('/api/screen', (request) => {
    staffAt(request);
    return { screen: desk.screen() };
  });
  app.put('/api/screen', (request, reply) => {
    staffAt(request);
    desk.keepScreen(parsed(screenSchema, request.body).screen);
    return reply.status(204).send();
  });

  app.get('/api/orders', (request): OrdersAnswer => {
    staffAt(request);
    return { orders: counter.orders() };
  });
  app.put('/api/orders/:id', (request): OrderAnswer => {
    const staff = staffAt(request);
    const { id } = parsed(orderParamsSchema, request.params);
    return counter.edit(id, parsed(orderEditRequestSchema, request.body), staff);
  });

  app.post('/api/sales', (request): SaleAnswer => {
    const staff = staffAt(request);
    return counter.sell(parsed(sellRequestSchema, request.body), staff);
  });
  app.post('/api/refunds', (request): SaleAnswer => {
    const staff = staffAt(request);
    return counter.refund(parsed(refundRequestSchema, request.body), staff);
  });
  app.get('/api/sales', (request): SalesListAnswer => {
    staffAt(request);
    const { after, limit } = parsed(listQuerySchema, request.query);
    return counter.list(after ?? null, limit);
  });
  app.get<{ Params: { id: string } }>('/api/sales/:id', (request): SaleAnswer => {
    staffAt(request);
    return counter.sale(request.params.id);
  });
  app.post<{ Params: { id: string } }>('/api/sales/:id/retry', (request): SaleAnswer => {
    staffAt(request);
    return counter.retry(request.params.id);
  });
  app.post('/api/sales/export', (request): Promise<ExportAnswer> => {
    return desk.export(parsed(exportRequestSchema, request.body));
  });
}
