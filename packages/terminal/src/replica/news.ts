import type { Activity } from '@tillcast/protocol/http/terminal-api';
import type { CatalogChange } from '../store/change-tally.ts';

/** What a page that shows the till may want to know at once. */
export type TillNews =
  | { readonly news: 'catalog'; readonly change: CatalogChange }
  | { readonly news: 'activity'; readonly line: Activity };
