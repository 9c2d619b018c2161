import type { TillDesk } from '../counter/till-desk.ts';
import type { TillView } from '../till-view.ts';
import { addApiRoutes } from './api-routes.ts';
import { addCounterRoutes } from './counter-routes.ts';
import { createGuardedApp, type GuardedAppOptions, type LocalServer, serve } from './guarded-app.ts';

export interface LocalServerOptions extends GuardedAppOptions {
  readonly view: TillView;
  /** What the page sells with. */
  readonly desk: TillDesk;
  /** The till's measurements, in Prometheus' text format. */
  readonly metrics: () => Promise<{ readonly body: string; readonly mediaType: string }>;
}

/** Starts to serve a till that knows who it is. @throws TillcastError `port_in_use` */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const { view, desk, metrics, port } = options;
  const app = await createGuardedApp(options);
  addApiRoutes(app, view);
  addCounterRoutes(app, desk, port);
  app.get('/metrics', async (_request, reply) => {
    const { body, mediaType } = await metrics();
    return reply.header('cache-control', 'no-store').type(mediaType).send(body);
  });
  return serve(app, options);
}
