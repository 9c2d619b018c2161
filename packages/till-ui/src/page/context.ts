import { type Context, createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Counter } from '../counter/counter.ts';
import type { Till } from './till.ts';
import type { View } from './view.ts';

/** What every component may reach: the till, selling, and what the cashier has chosen to see of it. */
export interface Page {
  readonly till: Till;
  readonly counter: Counter;
  readonly view: View;
}

export const PageContext: Context<Page | null> = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new Error('A component was drawn outside the page.');
  return page;
}
