import { existsSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import { TillcastError } from '@tillcast/protocol/errors';
import type { FastifyInstance } from 'fastify';

/** Where the built page is; null where the package that builds it is not installed. */
export function builtPageFolder(): string | null {
  const manifest = findPackageJSON('@tillcast/till-ui', import.meta.url);
  return manifest === undefined ? null : join(dirname(manifest), 'dist');
}

/** Whether there is a page to serve. */
export function isPageBuilt(folder: string | null): folder is string {
  return folder !== null && existsSync(join(folder, 'index.html'));
}

export const PAGE_MISSING =
  "The till's page is not built. Build it with: npm run build --workspace @tillcast/till-ui";

/**
 * Serves the built page. Files under `assets/` carry a hash of their content in their name and never change;
 * the rest is asked for anew each time. Without a built page each path says how to build it.
 */
export async function servePage(app: FastifyInstance, folder: string | null): Promise<void> {
  if (!isPageBuilt(folder)) {
    app.get('/', () => {
      throw new TillcastError('not_found', PAGE_MISSING);
    });
    return;
  }
  const assets = join(folder, 'assets') + sep;
  await app.register(fastifyStatic, {
    root: folder,
    cacheControl: false,
    setHeaders: (response, path) => {
      const value = path.startsWith(assets) ? 'public, max-age=31536000, immutable' : 'no-cache';
      void response.header('cache-control', value);
    },
  });
}
