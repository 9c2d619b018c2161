import type { Logger } from '@tillcast/broker';
import { type SetupAnswer, setupRequestSchema, type TillSession } from '@tillcast/protocol/http/till-api';
import type { TerminalConfig } from '../config/terminal-config.ts';
import { cookieOf, csrfOf, newSessionId, sessionIdIn } from '../counter/page-session.ts';
import { addEventRoute } from '../local-server/event-route.ts';
import { createGuardedApp, type LocalServer, serve } from '../local-server/guarded-app.ts';
import { parsed } from '../local-server/parsed.ts';
import { builtPageFolder } from '../local-server/till-page.ts';
import { SetupDesk } from './setup-desk.ts';

export interface SetupServerOptions {
  readonly config: TerminalConfig;
  readonly logger: Logger;
  /** The till was activated, and the page was told so. */
  readonly onActivated: () => void;
}

/**
 * Serves the page of a till that is nobody's yet: it is activated there. It has the guards of the till's own server.
 * @throws TillcastError `port_in_use`
 */
export async function startSetupServer({
  config,
  logger,
  onActivated,
}: SetupServerOptions): Promise<LocalServer> {
  const { host, port } = config;
  const app = await createGuardedApp({ host, port, pageFolder: builtPageFolder(), logger });
  const desk = new SetupDesk(config);
  addEventRoute(app, { state: () => desk.state(), onEvent: () => () => undefined });
  app.get('/api/health', () => ({ status: 'ok', replica: 'not_set_up' }));
  app.get('/api/state', () => desk.state());
  app.get('/api/items/:kind', () => ({ items: [] }));
  app.get('/api/activity', () => ({ activity: [] }));
  app.get('/api/setup', (): SetupAnswer => desk.setup());
  app.get('/api/session', (request, reply): TillSession => {
    const known = sessionIdIn(request.headers.cookie, port);
    const id = known ?? newSessionId();
    if (known === null) reply.header('set-cookie', cookieOf(id, port));
    return { csrf: csrfOf(id), staff: null, staff_required: false };
  });
  app.post('/api/setup/activate', async (request, reply): Promise<SetupAnswer> => {
    const answer = await desk.activate(parsed(setupRequestSchema, request.body));
    reply.raw.once('finish', onActivated);
    return answer;
  });
  return serve(app, config);
}
