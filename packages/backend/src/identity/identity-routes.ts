import formbody from '@fastify/formbody';
import {
  type Activation,
  ASSERTION_TYPE,
  activationRequestSchema,
  activationSchema,
  IDENTITY_PATHS,
  tokenAnswerSchema,
  tokenRequestSchema,
} from '@tillcast/protocol/http/identity-api';
import { z } from 'zod';
import type { App } from '../http/app-types.ts';
import { answer, BODY_REFUSALS, refusals } from '../http/error-answers.ts';
import {
  ACTIVATION_CODE_EXAMPLE,
  ACTIVATION_EXAMPLE,
  PUBLIC_KEY_EXAMPLE,
  TOKEN_EXAMPLE,
} from '../http/examples.ts';
import { activateTerminal } from './activate-terminal.ts';
import { claimedTerminal } from './assertion.ts';
import { type Attempt, RefusalsLog } from './refusals-log.ts';
import { TokenIssuer, type TokenIssuerOptions } from './token-issuer.ts';

/** What the routes of identity stand on. */
export interface IdentityDependencies extends TokenIssuerOptions {
  /** Called when there is a terminal more, of which the broker is to be told. */
  readonly wakeRevoker?: () => void;
}

const STANDING_REFUSALS = ['license_suspended', 'license_expired', 'license_revoked'] as const;

/** A token request is an assertion of 4 KiB at most, and little else. */
const FORM_LIMIT_BYTES = 16 * 1024;

const noQuery = z.strictObject({});

/** Adds what a till needs to become and stay itself: activation and access tokens. */
export async function addIdentityRoutes(app: App, on: IdentityDependencies): Promise<void> {
  const refusalsLog = new RefusalsLog(on);
  const issuer = new TokenIssuer(on);

  app.post(
    IDENTITY_PATHS.activate,
    {
      bodyLimit: FORM_LIMIT_BYTES,
      schema: {
        tags: ['identity'],
        security: [],
        operationId: 'activateTerminal',
        summary: 'Make a till a terminal of its license',
        description:
          'The till makes a key pair and sends the public key, with the license key and the activation code. What it gets is no secret: who it is, whom it may believe, and where the broker is.',
        querystring: noQuery,
        body: activationRequestSchema,
        bodyExample: {
          license_key: ACTIVATION_EXAMPLE.license_key,
          activation_code: ACTIVATION_CODE_EXAMPLE,
          name: ACTIVATION_EXAMPLE.name,
          public_key: PUBLIC_KEY_EXAMPLE,
        },
        response: {
          201: answer('It is a terminal from now on', activationSchema, ACTIVATION_EXAMPLE),
          ...refusals(
            ...BODY_REFUSALS,
            ...STANDING_REFUSALS,
            'license_key_malformed',
            'activation_refused',
            'too_many_terminals',
            'already_activated',
          ),
        },
      },
    },
    async (request, reply) => {
      const { license_key: key } = request.body;
      const by = { address: request.ip, act: 'activation.refused', subject: key };
      const made = await refusalsLog.watch(by, () =>
        activateTerminal(on.database, request.body, { now: on.now, address: request.ip }),
      );
      on.wakeRevoker?.();
      request.log.info({ license: key, terminal: made.terminalId }, 'A terminal was activated');
      const { issuer: name, terminalAmqpUrls } = on.identity;
      const activation: Activation = {
        terminal_id: made.terminalId,
        license_key: made.licenseKey,
        name: made.name,
        issuer: name,
        message_keys: on.keys.messageKeys,
        broker: { urls: terminalAmqpUrls },
      };
      return reply.code(201).send(activation);
    },
  );

  await app.register(async (scope: App) => {
    // Forms alone: RFC 6749 knows no other, and a page of another origin cannot send what JSON would hide.
    scope.removeAllContentTypeParsers();
    await scope.register(formbody, { bodyLimit: FORM_LIMIT_BYTES });
    scope.post(
      IDENTITY_PATHS.token,
      {
        bodyLimit: FORM_LIMIT_BYTES,
        schema: {
          tags: ['identity'],
          security: [],
          operationId: 'issueToken',
          summary: 'An access token for a terminal that proves who it is',
          description:
            'By an assertion (RFC 7523, `private_key_jwt`): a JWT, ES256, signed with the terminal’s key; `iss` and `sub` its id, `aud` the issuer, `exp` at most 60 s after `iat`, and a `jti` that it uses once. The token is for the sync API and for the broker.',
          consumes: ['application/x-www-form-urlencoded'],
          querystring: noQuery,
          body: tokenRequestSchema,
          bodyExample: {
            grant_type: 'client_credentials',
            client_assertion_type: ASSERTION_TYPE,
            client_assertion: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTkyZjBjMS03YTUyIn0.c2lnbmF0dXJl',
          },
          response: {
            200: answer('The token', tokenAnswerSchema, TOKEN_EXAMPLE),
            ...refusals(...BODY_REFUSALS, ...STANDING_REFUSALS, 'assertion_invalid', 'terminal_revoked'),
          },
        },
      },
      async (request) => {
        const by: Attempt = {
          address: request.ip,
          act: 'token.refused',
          subject: null,
          // All else is told only to who has proven himself.
          provenTerminal: (code) =>
            code === 'assertion_invalid' ? null : claimedTerminal(request.body.client_assertion),
        };
        return refusalsLog.watch(by, () => issuer.issue(request.body));
      },
    );
  });
}
