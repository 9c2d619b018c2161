import type { ErrorCode } from '@tillcast/protocol/errors';
import {
  activationCodeSchema,
  renameTerminalSchema,
  type TerminalStatus,
  terminalStatusSchema,
} from '@tillcast/protocol/http/admin-api';
import { z } from 'zod';
import type { App } from '../http/app-types.ts';
import { answer, BODY_REFUSALS, refusals } from '../http/error-answers.ts';
import { ACTIVATION_CODE_EXAMPLE, TERMINAL_EXAMPLE } from '../http/examples.ts';
import { getTerminal } from '../terminals/list-terminals.ts';
import { renameTerminal } from '../terminals/rename-terminal.ts';
import { moveTerminal, revokeTerminal } from '../terminals/revoke-terminal.ts';
import { ADMIN, type AdminDependencies, KEY_REFUSALS, refuseBody } from './admin-dependencies.ts';

const TERMINAL_PATH = '/api/v1/admin/terminals/:id';

const terminalParams = z.object({ id: z.uuid().meta({ example: TERMINAL_EXAMPLE.terminal_id }) });

const ONE_TERMINAL_REFUSALS: readonly ErrorCode[] = [...KEY_REFUSALS, 'terminal_not_found'];

/** Adds the routes of one terminal that was activated: show, rename, revoke, move. */
export function addTerminalRoutes(app: App, on: AdminDependencies): void {
  const described = { ...ADMIN, params: terminalParams };

  app.get(
    TERMINAL_PATH,
    {
      schema: {
        ...described,
        operationId: 'getTerminal',
        summary: 'One terminal that was activated, and what it last said of itself',
        response: {
          200: answer('The terminal', terminalStatusSchema, TERMINAL_EXAMPLE),
          ...refusals(...ONE_TERMINAL_REFUSALS),
        },
      },
    },
    async (request) => getTerminal(on.database, request.params.id),
  );

  app.patch(
    TERMINAL_PATH,
    {
      schema: {
        ...described,
        operationId: 'renameTerminal',
        summary: 'Give a terminal another name',
        body: renameTerminalSchema,
        bodyExample: { name: 'Bar' },
        response: {
          200: answer('The terminal as it is now', terminalStatusSchema, {
            ...TERMINAL_EXAMPLE,
            name: 'Bar',
          }),
          ...refusals(...ONE_TERMINAL_REFUSALS, ...BODY_REFUSALS),
        },
      },
    },
    async (request): Promise<TerminalStatus> => {
      const { id } = request.params;
      await renameTerminal(on.database, id, request.body.name, { now: on.now });
      request.log.info({ terminal: id }, 'A terminal was renamed');
      return getTerminal(on.database, id);
    },
  );

  app.post(
    `${TERMINAL_PATH}/revoke`,
    {
      schema: {
        ...described,
        operationId: 'revokeTerminal',
        summary: 'Revoke a terminal, for good; its place is free',
        response: {
          200: answer('The terminal as it is now', terminalStatusSchema, {
            ...TERMINAL_EXAMPLE,
            standing: 'revoked',
          }),
          ...refusals(...ONE_TERMINAL_REFUSALS, ...BODY_REFUSALS),
        },
      },
      preHandler: refuseBody,
    },
    async (request): Promise<TerminalStatus> => {
      const { id } = request.params;
      await revokeTerminal(on.database, id, { now: on.now });
      on.wakeRevoker?.();
      request.log.info({ terminal: id }, 'A terminal was revoked');
      return getTerminal(on.database, id);
    },
  );

  app.post(
    `${TERMINAL_PATH}/move`,
    {
      schema: {
        ...described,
        operationId: 'moveTerminal',
        summary: 'Revoke a terminal and keep its place for another machine',
        description:
          'The code activates one terminal of that license, once, within a day, under the same name.',
        response: {
          200: answer('The code, which is shown this once', activationCodeSchema, {
            activation_code: ACTIVATION_CODE_EXAMPLE,
          }),
          ...refusals(...ONE_TERMINAL_REFUSALS, ...BODY_REFUSALS, 'terminal_revoked'),
        },
      },
      preHandler: refuseBody,
    },
    async (request) => {
      const { id } = request.params;
      const code = await moveTerminal(on.database, id, { now: on.now });
      on.wakeRevoker?.();
      request.log.info({ terminal: id }, 'A terminal is moved');
      return { activation_code: code };
    },
  );
}
