import { ADMIN_PATHS, auditPageSchema, auditQuerySchema } from '@tillcast/protocol/http/admin-api';
import { listAudit } from '../audit/list-audit.ts';
import type { App } from '../http/app-types.ts';
import { answer, refusals } from '../http/error-answers.ts';
import { AUDIT_EXAMPLE } from '../http/examples.ts';
import { ADMIN, type AdminDependencies, KEY_REFUSALS } from './admin-dependencies.ts';

/** Adds `GET …/audit`: the log as it is stored, for whoever reads it or recomputes its hashes. */
export function addAuditRoute(app: App, on: Pick<AdminDependencies, 'database'>): void {
  app.get(
    ADMIN_PATHS.audit,
    {
      schema: {
        ...ADMIN,
        operationId: 'listAudit',
        summary: 'What was done, by number; each entry carries the hash of all before it',
        description:
          'An entry’s hash is SHA-256 over the hash before it (64 zeros before the first), a line feed, and the JSON array of its number, at, actor, act, subject and detail.',
        querystring: auditQuerySchema,
        response: {
          200: answer('Entries, and the log’s head', auditPageSchema, AUDIT_EXAMPLE),
          ...refusals(...KEY_REFUSALS),
        },
      },
    },
    async (request) => listAudit(on.database, request.query),
  );
}
