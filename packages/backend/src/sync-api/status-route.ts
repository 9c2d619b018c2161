import { TillcastError } from '@tillcast/protocol/errors';
import {
  type StatusAnswer,
  type StatusReport,
  statusAnswerSchema,
  statusReportSchema,
} from '@tillcast/protocol/http/status-api';
import { SYNC_PATHS, TERMINAL_ID_HEADER } from '@tillcast/protocol/http/sync-api';
import { z } from 'zod';
import type { Fleet } from '../fleet/fleet.ts';
import type { App } from '../http/app-types.ts';
import { TERMINAL_SECURITY } from '../http/documentation.ts';
import { answer, BODY_REFUSALS, refusals } from '../http/error-answers.ts';
import { REPORT_EXAMPLE, STATUS_ANSWER_EXAMPLE } from '../http/examples.ts';
import type { LicenseState } from '../licenses/license.ts';
import { standingOf } from '../licenses/standing.ts';
import type { ReportOutcome } from '../metrics/metrics.ts';
import { syncHead } from './sync-bodies.ts';
import { LICENSE_REFUSALS, type SyncDependencies } from './sync-routes.ts';

/** Adds `POST /api/v1/terminals/self/status`: the till says what it holds, and is told what it should hold. */
export function addStatusRoute(app: App, on: SyncDependencies & { readonly fleet: Fleet }): void {
  app.post(
    SYNC_PATHS.status,
    {
      schema: {
        tags: ['sync'],
        security: TERMINAL_SECURITY,
        operationId: 'reportStatus',
        summary: 'What a terminal holds; the answer is its proof of currency',
        description: `With a license key alone the terminal names itself in \`${TERMINAL_ID_HEADER}\`, a UUID; an access token says who it is.`,
        headers: z.object({ [TERMINAL_ID_HEADER]: z.uuid(ID_RULE).optional() }),
        querystring: z.strictObject({}),
        body: statusReportSchema,
        bodyExample: REPORT_EXAMPLE,
        response: {
          200: answer('What it should hold', statusAnswerSchema, STATUS_ANSWER_EXAMPLE),
          ...refusals(...LICENSE_REFUSALS, ...BODY_REFUSALS),
        },
      },
    },
    async (request) => {
      const license = on.admissions.of(request);
      const proven = on.admissions.terminalOf(request);
      const terminalId = proven ?? request.headers[TERMINAL_ID_HEADER];
      if (terminalId === undefined) throw terminalNotNamed();
      const told = await on.fleet.heard(license, { id: terminalId, isProven: proven !== null }, request.body);
      on.metrics.reported(outcomeOf(request.body, license));
      const now = on.now();
      const head = syncHead({ ...license, licenseKey: license.key }, now);
      return { ...head, ...standingOf(license, now), ...told } satisfies StatusAnswer;
    },
  );
}

const ID_RULE = "must be a UUID, the terminal's own";

function terminalNotNamed(): TillcastError {
  const details = [{ pointer: `/header/${TERMINAL_ID_HEADER}`, detail: ID_RULE }];
  return new TillcastError('request_invalid', `The header X-Terminal-Id ${ID_RULE}.`, { details });
}

function outcomeOf({ cursor }: StatusReport, license: LicenseState): ReportOutcome {
  if (cursor === null) return 'no_catalog';
  if (cursor.epoch !== license.epoch) return 'other_history';
  if (cursor.version !== license.version) return 'behind';
  return cursor.digest === license.digest ? 'current' : 'digest_differs';
}
