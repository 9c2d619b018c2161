import { TillcastError } from '@tillcast/protocol/errors';
import { certificateFault } from './transport/certificate-fault.ts';

/** AMQP's reply codes that are told apart here. */
const ACCESS_REFUSED = 403;
const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;

/** The reply code that amqplib hung on an error, or null: sockets' errors carry strings such as `ECONNREFUSED`. */
function replyCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'number' ? error.code : null;
}

/** The plain text of any thrown thing. */
export function textOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(textOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/**
 * What a failure to connect means.
 *
 * A refused login reaches us as text only: amqplib reports the server's `connection.close` during the
 * handshake as `Handshake terminated by server: 403 (ACCESS-REFUSED) …`.
 */
export function connectError(error: unknown, address: string): TillcastError {
  if (error instanceof TillcastError) return error;
  const text = textOf(error);
  if (/\b403\b.*ACCESS[-_]REFUSED|ACCESS[-_]REFUSED/.test(text)) {
    return new TillcastError(
      'broker_access_refused',
      `The broker at ${address} refused the login; check the user, the password or the token, and its virtual host. It said: ${text}`,
      { cause: error },
    );
  }
  // amqplib names the frame that came instead of `connection.open-ok`, but not the reason in it (530: no
  // such virtual host, or none of this user's; a limit on connections).
  if (text.includes('Expected ConnectionOpenOk; got <ConnectionClose')) {
    return new TillcastError(
      'broker_access_refused',
      `The broker at ${address} took the login but did not open the virtual host. Check that it exists, that the user has permissions there, and the limits on connections.`,
      { cause: error },
    );
  }
  const fault = certificateFault(error, 'AMQP_CA_FILE');
  if (fault !== null) {
    return new TillcastError('broker_unavailable', `The broker at ${address} cannot be reached: ${fault}.`, {
      cause: error,
    });
  }
  return new TillcastError(
    'broker_unavailable',
    `The broker at ${address} cannot be reached: ${text}. Check that it runs and that the URL is right.`,
    { cause: error },
  );
}

/** What a node says to all its clients when it is stopped in order. */
const SHUTDOWN = "with reason 'shutdown'";

/**
 * Whether the broker itself closed a connection that was open, and not because it is stopped: somebody had that done,
 * or what the client logged in with is over. False for a connection that was merely lost.
 */
export function wasTurnedOut({ cause }: TillcastError): boolean {
  return replyCodeOf(cause) !== null && !textOf(cause).includes(SHUTDOWN);
}

/** What the failure of an operation on a channel means; `what` names the operation for the message. */
export function channelError(error: unknown, what: string): TillcastError {
  if (error instanceof TillcastError) return error;
  const text = textOf(error);
  switch (replyCodeOf(error)) {
    case ACCESS_REFUSED:
      return new TillcastError(
        'broker_access_refused',
        `The broker does not permit to ${what}; check this user's permissions. It said: ${text}`,
        { cause: error },
      );
    case PRECONDITION_FAILED:
      return new TillcastError(
        'broker_topology_conflict',
        `The broker holds something else of this name, so it did not ${what}. Remove it, or use another virtual host. It said: ${text}`,
        { cause: error },
      );
    case NOT_FOUND:
      return new TillcastError(
        'broker_unavailable',
        `The broker could not ${what}, for something is not declared there yet. It said: ${text}`,
        { cause: error },
      );
    default:
      return new TillcastError('broker_unavailable', `The broker could not ${what}: ${text}`, {
        cause: error,
      });
  }
}
