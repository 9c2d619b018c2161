import {
  changeDeliverySchema,
  FLEET_PATHS,
  fleetBehindQuerySchema,
  fleetBehindSchema,
  fleetQuerySchema,
  fleetStatusSchema,
} from '@tillcast/protocol/http/fleet-api';
import { licenseKeySchema } from '@tillcast/protocol/license-key';
import { z } from 'zod';
import type { Fleet } from '../fleet/fleet.ts';
import { changeDelivery, fleetBehind, fleetStatus } from '../fleet/fleet-answers.ts';
import type { App } from '../http/app-types.ts';
import { answer, refusals } from '../http/error-answers.ts';
import {
  CHANGE_DELIVERY_EXAMPLE,
  FLEET_BEHIND_EXAMPLE,
  FLEET_STATUS_EXAMPLE,
} from '../http/fleet-examples.ts';
import { ADMIN, type AdminDependencies, LICENSE_PATH, ONE_LICENSE_REFUSALS } from './admin-dependencies.ts';

const changeParams = z.object({
  key: licenseKeySchema,
  version: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, 'must be a version: a whole number from 1')
    .transform(Number)
    .meta({ type: 'integer', example: 42 }),
});

/** Adds the routes that tell how current the tills are, and how far a change has come. */
export function addFleetStatusRoutes(app: App, on: AdminDependencies & { readonly fleet: Fleet }): void {
  app.get(
    FLEET_PATHS.status,
    {
      schema: {
        ...ADMIN,
        operationId: 'getFleetStatus',
        summary: 'How many terminals are current, and how fast changes reach them',
        description:
          'Of licenses that are active: the terminals that are activated, and those that named themselves within a day. Times come from histograms and are at most a tenth off; the slowest is exact.',
        querystring: fleetQuerySchema,
        response: {
          200: answer('The fleet', fleetStatusSchema, FLEET_STATUS_EXAMPLE),
          ...refusals(...ONE_LICENSE_REFUSALS),
        },
      },
    },
    async ({ query }) => {
      await on.fleet.settled();
      return fleetStatus(on.database, on.now(), query.license ?? null);
    },
  );

  app.get(
    FLEET_PATHS.behind,
    {
      schema: {
        ...ADMIN,
        operationId: 'listTerminalsBehind',
        summary: 'The terminals that are not current, the worst first',
        querystring: fleetBehindQuerySchema,
        response: {
          200: answer('Who is not current', fleetBehindSchema, FLEET_BEHIND_EXAMPLE),
          ...refusals(...ONE_LICENSE_REFUSALS),
        },
      },
    },
    async ({ query: { license = null, limit } }) => fleetBehind(on.database, on.now(), { license, limit }),
  );

  app.get(
    `${LICENSE_PATH}/changes/:version/delivery`,
    {
      schema: {
        ...ADMIN,
        operationId: 'getChangeDelivery',
        summary: 'Which terminals have a change, and how long it took',
        params: changeParams,
        response: {
          200: answer('How far it has come', changeDeliverySchema, CHANGE_DELIVERY_EXAMPLE),
          ...refusals(...ONE_LICENSE_REFUSALS, 'change_not_found'),
        },
      },
    },
    async ({ params }) => {
      await on.fleet.settled();
      return changeDelivery(on.database, on.now(), params.key, params.version);
    },
  );
}
