import { asTillcastError, type ErrorDetail, TillcastError } from '@tillcast/protocol/errors';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import { ping } from '../database/ping.ts';
import type { BackendMetrics } from '../metrics/metrics.ts';
import type { App } from './app-types.ts';
import { answer, refusals } from './error-answers.ts';

/** What readiness asks about. */
export interface HealthDependencies {
  readonly database: Database;
  readonly metrics: BackendMetrics;
  /** Null when messages can be published, else why not. */
  readonly brokerTrouble: () => TillcastError | null;
}

const operation = { tags: ['operation'], querystring: z.strictObject({}) };
const healthSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });
const readySchema = z
  .object({ status: z.literal('ready'), database: z.literal('ok'), broker: z.literal('ok') })
  .meta({ id: 'Ready' });

/** Adds `GET /health` (the process answers), `/ready` (it can do its work) and `/metrics`; none asks who one is. */
export function addHealthRoutes(app: App, on: HealthDependencies): void {
  app.get(
    '/health',
    {
      schema: {
        ...operation,
        operationId: 'getHealth',
        summary: 'Whether the process answers',
        response: { 200: answer('It does', healthSchema, { status: 'ok' }), ...refusals() },
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/ready',
    {
      schema: {
        ...operation,
        operationId: 'getReadiness',
        summary: 'Whether the database and the broker can be reached',
        description: 'Without the broker, changes are accepted and wait; this says 503 all the same.',
        response: {
          200: answer('Both can', readySchema, { status: 'ready', database: 'ok', broker: 'ok' }),
          ...refusals('broker_unavailable'),
        },
      },
    },
    async () => {
      const troubles = [await databaseTrouble(on.database), on.brokerTrouble()];
      const details: readonly ErrorDetail[] = troubles.flatMap((trouble, index) =>
        trouble === null ? [] : [{ pointer: index === 0 ? '/database' : '/broker', detail: trouble.message }],
      );
      const [first] = troubles.filter((trouble) => trouble !== null);
      if (first !== undefined) throw new TillcastError(first.code, first.message, { details, cause: first });
      return { status: 'ready' as const, database: 'ok' as const, broker: 'ok' as const };
    },
  );

  app.get(
    '/metrics',
    {
      schema: {
        ...operation,
        operationId: 'getMetrics',
        summary: "Measurements in Prometheus' text format",
        response: {
          200: { description: 'The measurements', content: { 'text/plain': { schema: z.string() } } },
          ...refusals(),
        },
      },
    },
    async (_request, reply) => {
      const { body, mediaType } = await on.metrics.text();
      return reply.type(mediaType).send(body);
    },
  );
}

async function databaseTrouble(database: Database): Promise<TillcastError | null> {
  try {
    await ping(database);
    return null;
  } catch (error) {
    return asTillcastError(error);
  }
}
