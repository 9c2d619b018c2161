import { asTillcastError } from '@tillcast/protocol/errors';
import type { Place } from '../place.ts';
import { type Known, known, type ServiceConfiguration, unknown } from './facts.ts';

/** What backend and till would say of their variables at their start, each where this machine has it. */
export async function readConfiguration(place: Place): Promise<Known<readonly ServiceConfiguration[]>> {
  const services: ServiceConfiguration[] = [];
  if (place.backendDir !== null) {
    const { parseBackendConfig } = await import('@tillcast/backend');
    services.push({
      service: 'backend',
      problems: problemsOf(() =>
        parseBackendConfig({ ...place.env, TILLCAST_DATA_DIR: place.backendDir ?? undefined }),
      ),
    });
  }
  if (place.tillDir !== null) {
    const { parseTerminalConfig } = await import('@tillcast/terminal');
    // A backend's address beside it is not the till's.
    const { HOST, PORT, ...rest } = place.env;
    const own = place.backendDir === null ? { HOST, PORT } : {};
    services.push({
      service: 'till',
      problems: problemsOf(() =>
        parseTerminalConfig({ ...rest, ...own, TILLCAST_DATA_DIR: place.tillDir ?? undefined }),
      ),
    });
  }
  return services.length === 0
    ? unknown('neither a backend nor a till is configured here; name their variables with --env-file')
    : known(services);
}

function problemsOf(parse: () => unknown): ServiceConfiguration['problems'] {
  try {
    parse();
    return [];
  } catch (error) {
    const { details, message } = asTillcastError(error);
    return details.length > 0 ? details : [{ pointer: 'environment', detail: message }];
  }
}
