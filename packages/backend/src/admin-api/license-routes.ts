import {
  ADMIN_PATHS,
  activationCodeSchema,
  type CreatedLicense,
  createdLicenseSchema,
  createLicenseSchema,
  type License,
  licenseListSchema,
  licenseSchema,
  updateLicenseSchema,
} from '@tillcast/protocol/http/admin-api';
import type { App } from '../http/app-types.ts';
import { answer, BODY_REFUSALS, refusals } from '../http/error-answers.ts';
import { ACTIVATION_CODE_EXAMPLE, LICENSE_EXAMPLE } from '../http/examples.ts';
import { createLicense } from '../licenses/create-license.ts';
import { getLicense } from '../licenses/find-license.ts';
import { licenseAnswer } from '../licenses/license.ts';
import { listLicenses } from '../licenses/list-licenses.ts';
import { renewActivationCode } from '../licenses/renew-activation-code.ts';
import { setLicenseStatus } from '../licenses/set-license-status.ts';
import { updateLicense } from '../licenses/update-license.ts';
import {
  ADMIN,
  type AdminDependencies,
  KEY_REFUSALS,
  LICENSE_PATH,
  licenseParams,
  ONE_LICENSE_REFUSALS,
  refuseBody,
} from './admin-dependencies.ts';

/** Adds the routes of licenses and of what becomes of them. */
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
        description: 'The answer holds its activation code, which is shown this once.',
        body: createLicenseSchema,
        bodyExample: { key: LICENSE_EXAMPLE.key, name: LICENSE_EXAMPLE.name },
        response: {
          201: answer('The license', createdLicenseSchema, {
            ...LICENSE_EXAMPLE,
            activation_code: ACTIVATION_CODE_EXAMPLE,
          }),
          ...refusals(...KEY_REFUSALS, ...BODY_REFUSALS, 'license_key_malformed', 'license_exists'),
        },
      },
    },
    async (request, reply) => {
      const { license, activationCode } = await createLicense(on.database, request.body, { now: on.now });
      request.log.info({ license: license.key }, 'A license was created');
      const created: CreatedLicense = { ...licenseAnswer(license), activation_code: activationCode };
      return reply.code(201).header('location', ADMIN_PATHS.license(license.key)).send(created);
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

  app.patch(
    LICENSE_PATH,
    {
      schema: {
        ...ADMIN,
        operationId: 'updateLicense',
        summary: 'Change name, end or number of terminals of a license; what is left out stays',
        params: licenseParams,
        body: updateLicenseSchema,
        bodyExample: { terminals_max: 25 },
        response: {
          200: answer('The license as it is now', licenseSchema, { ...LICENSE_EXAMPLE, terminals_max: 25 }),
          ...refusals(...ONE_LICENSE_REFUSALS, ...BODY_REFUSALS, 'license_revoked'),
        },
      },
    },
    async (request): Promise<License> => {
      const state = await updateLicense(on.database, request.params.key, request.body, {
        now: on.now,
        signer: on.keys,
      });
      on.wakeRevoker?.();
      request.log.info({ license: state.key, fields: Object.keys(request.body) }, 'A license was changed');
      return licenseAnswer(state);
    },
  );

  app.post(
    `${LICENSE_PATH}/activation-code`,
    {
      schema: {
        ...ADMIN,
        operationId: 'renewActivationCode',
        summary: 'Give a license another activation code; the one before is worth nothing from then on',
        params: licenseParams,
        response: {
          200: answer('The code, which is shown this once', activationCodeSchema, {
            activation_code: ACTIVATION_CODE_EXAMPLE,
          }),
          ...refusals(...ONE_LICENSE_REFUSALS, ...BODY_REFUSALS, 'license_revoked'),
        },
      },
      preHandler: refuseBody,
    },
    async (request) => {
      const { key } = request.params;
      const code = await renewActivationCode(on.database, key, { now: on.now });
      request.log.info({ license: key }, 'An activation code was renewed');
      return { activation_code: code };
    },
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
            ...refusals(...ONE_LICENSE_REFUSALS, ...BODY_REFUSALS, 'license_revoked'),
          },
        },
        preHandler: refuseBody,
      },
      async (request): Promise<License> => {
        const state = await setLicenseStatus(on.database, request.params.key, status, {
          now: on.now,
          signer: on.keys,
        });
        on.wakeRevoker?.();
        request.log.info({ license: state.key, status }, 'A license was changed');
        return licenseAnswer(state);
      },
    );
  }
}

const MOVES = [
  { action: 'suspend', status: 'suspended', summary: 'Suspend a license: its tills are refused from now on' },
  { action: 'resume', status: 'active', summary: 'Resume a license that was suspended' },
  { action: 'revoke', status: 'revoked', summary: 'Revoke a license, for good' },
] as const;
