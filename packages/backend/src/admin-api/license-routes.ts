import { TillcastError } from '@tillcast/protocol/errors';
import {
  ADMIN_PATHS,
  createLicenseSchema,
  type License,
  licenseListSchema,
  licenseSchema,
} from '@tillcast/protocol/http/admin-api';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { App } from '../http/app-types.ts';
import { answer, BODY_REFUSALS, refusals } from '../http/error-answers.ts';
import { LICENSE_EXAMPLE } from '../http/examples.ts';
import { createLicense } from '../licenses/create-license.ts';
import { getLicense } from '../licenses/find-license.ts';
import { licenseAnswer } from '../licenses/license.ts';
import { listLicenses } from '../licenses/list-licenses.ts';
import { setLicenseStatus } from '../licenses/set-license-status.ts';
import {
  ADMIN,
  type AdminDependencies,
  KEY_REFUSALS,
  LICENSE_PATH,
  licenseParams,
  ONE_LICENSE_REFUSALS,
} from './admin-dependencies.ts';

/** Adds the routes that create, show, suspend and resume licenses. */
export function addLicenseRoutes(app: App, on: AdminDependencies): void {
  app.get(
    ADMIN_PATHS.licenses,
    {
      schema: {
        ...ADMIN,
        operationId: 'listLicenses',
        summary: 'All licenses, by key',
        response: {
          200: answer('The licenses', licenseListSchema, { licenses: [LICENSE_EXAMPLE] }),
          ...refusals(...KEY_REFUSALS),
        },
      },
    },
    async () => ({ licenses: (await listLicenses(on.database)).map(licenseAnswer) }),
  );

  app.post(
    ADMIN_PATHS.licenses,
    {
      schema: {
        ...ADMIN,
        operationId: 'createLicense',
        summary: 'Create a license with an empty catalog',
        body: createLicenseSchema,
        bodyExample: { key: LICENSE_EXAMPLE.key, name: LICENSE_EXAMPLE.name },
        response: {
          201: answer('The license', licenseSchema, LICENSE_EXAMPLE),
          ...refusals(...KEY_REFUSALS, ...BODY_REFUSALS, 'license_key_malformed', 'license_exists'),
        },
      },
    },
    async (request, reply) => {
      const created = await createLicense(on.database, request.body, { now: on.now });
      request.log.info({ license: created.key }, 'A license was created');
      return reply
        .code(201)
        .header('location', ADMIN_PATHS.license(created.key))
        .send(licenseAnswer(created));
    },
  );

  app.get(
    LICENSE_PATH,
    {
      schema: {
        ...ADMIN,
        operationId: 'getLicense',
        summary: 'One license, and where its catalog stands',
        params: licenseParams,
        response: {
          200: answer('The license', licenseSchema, LICENSE_EXAMPLE),
          ...refusals(...ONE_LICENSE_REFUSALS),
        },
      },
    },
    async (request) => licenseAnswer(await getLicense(on.database, request.params.key)),
  );

  for (const { action, status, summary } of MOVES) {
    app.post(
      `${LICENSE_PATH}/${action}`,
      {
        schema: {
          ...ADMIN,
          operationId: `${action}License`,
          summary,
          params: licenseParams,
          response: {
            200: answer('The license as it is now', licenseSchema, { ...LICENSE_EXAMPLE, status }),
            ...refusals(...ONE_LICENSE_REFUSALS, ...BODY_REFUSALS),
          },
        },
        preHandler: refuseBody,
      },
      async (request): Promise<License> => {
        const state = await setLicenseStatus(on.database, request.params.key, status, { now: on.now });
        request.log.info({ license: state.key, status }, 'A license was changed');
        return licenseAnswer(state);
      },
    );
  }
}

const MOVES = [
  { action: 'suspend', status: 'suspended', summary: 'Suspend a license: its tills are refused from now on' },
  { action: 'resume', status: 'active', summary: 'Resume a license that was suspended' },
] as const;

const emptyBody = z.strictObject({}).nullish();

/** These take nothing: a body with something in it was meant for another path. */
async function refuseBody(request: FastifyRequest): Promise<void> {
  if (!emptyBody.safeParse(request.body).success) {
    throw new TillcastError('request_invalid', 'This path takes no body: send none.');
  }
}
