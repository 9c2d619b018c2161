import { TillcastError } from '@tillcast/protocol/errors';
import {
  CSRF_HEADER,
  type ExportAnswer,
  exportRequestSchema,
  type OrderAnswer,
  type OrdersAnswer,
  orderEditRequestSchema,
  refundRequestSchema,
  type SaleAnswer,
  type SalesListAnswer,
  type SetupAnswer,
  screenSchema,
  sellRequestSchema,
  signInSchema,
  type TillSession,
} from '@tillcast/protocol/http/till-api';
import { detailsOf } from '@tillcast/protocol/validation';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { cookieOf, type SessionId } from '../counter/sessions.ts';
import type { TillDesk } from '../counter/till-desk.ts';

const orderParamsSchema = z.object({ id: z.uuid() });
const listQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
});

/** What the page sells with, under `/api`. Whatever changes something shows the session's token. */
export function addCounterRoutes(app: FastifyInstance, desk: TillDesk): void {
  const { counter, sessions } = desk;
  const idOf = (request: FastifyRequest): SessionId | null => sessions.idOf(request.headers.cookie);

  /** For whom something is changed. */
  const changing = (request: FastifyRequest): SessionId | null => {
    const id = idOf(request);
    sessions.checkCsrf(id, request.headers[CSRF_HEADER]);
    return id;
  };
  const selling = (request: FastifyRequest): ReturnType<typeof sessions.staffOf> => {
    const id = changing(request);
    desk.expectStaff(id);
    return sessions.staffOf(id);
  };
  const reading = (request: FastifyRequest): void => desk.expectStaff(idOf(request));
  const withSession = (reply: FastifyReply, id: SessionId): TillSession => {
    reply.header('set-cookie', cookieOf(id));
    return desk.session(id);
  };

  app.get('/api/setup', (): SetupAnswer => desk.setup());
  app.get('/api/session', (request, reply): TillSession => {
    const id = idOf(request);
    return id === null ? withSession(reply, sessions.begin()) : desk.session(id);
  });
  app.post('/api/session/sign-in', async (request, reply): Promise<TillSession> => {
    const id = changing(request);
    return withSession(reply, await desk.signIn(id, parsed(signInSchema, request.body)));
  });
  app.post('/api/session/sign-out', (request, reply): TillSession => {
    desk.signOut(changing(request));
    return withSession(reply, sessions.begin());
  });

  app.get('/api/screen', (request) => {
    reading(request);
    return { screen: desk.screen() };
  });
  app.put('/api/screen', (request, reply) => {
    selling(request);
    desk.keepScreen(parsed(screenSchema, request.body).screen);
    return reply.status(204).send();
  });

  app.get('/api/orders', (request): OrdersAnswer => {
    reading(request);
    return { orders: counter.orders() };
  });
  app.put('/api/orders/:id', (request): OrderAnswer => {
    const staff = selling(request);
    const { id } = parsed(orderParamsSchema, request.params);
    return counter.edit(id, parsed(orderEditRequestSchema, request.body), staff);
  });

  app.post('/api/sales', (request): SaleAnswer => {
    const staff = selling(request);
    return counter.sell(parsed(sellRequestSchema, request.body), staff);
  });
  app.post('/api/refunds', (request): SaleAnswer => {
    const staff = selling(request);
    return counter.refund(parsed(refundRequestSchema, request.body), staff);
  });
  app.get('/api/sales', (request): SalesListAnswer => {
    reading(request);
    const { after, limit } = parsed(listQuerySchema, request.query);
    return counter.list(after ?? null, limit);
  });
  app.get<{ Params: { id: string } }>('/api/sales/:id', (request): SaleAnswer => {
    reading(request);
    return counter.sale(request.params.id);
  });
  app.post<{ Params: { id: string } }>('/api/sales/:id/retry', (request): SaleAnswer => {
    selling(request);
    return counter.retry(request.params.id);
  });
  app.post('/api/sales/export', (request): Promise<ExportAnswer> => {
    changing(request);
    return desk.export(parsed(exportRequestSchema, request.body));
  });
}

function parsed<T>(schema: z.ZodType<T, unknown>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const details = detailsOf(result.error);
  const [first] = details;
  const where = first === undefined ? '' : ` ${first.pointer} ${first.detail}.`;
  throw new TillcastError('request_invalid', `The till did not understand that:${where}`, {
    details,
    cause: result.error,
  });
}
