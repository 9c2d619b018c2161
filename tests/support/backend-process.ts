/** A backend as a process of its own, so that its tills do not share its event loop; configured by its environment. */
import { parseBackendConfig, startBackend } from '@tillcast/backend';

const backend = await startBackend(parseBackendConfig(process.env));
process.send?.(backend.url);
process.once('disconnect', () => void backend.stop());
