/** What can be found broken: a promise of the product, or one that its parts make to each other. */
export type BrokenRule =
  | 'P1 isolation'
  | 'P2 contiguity'
  | 'P3 no loss'
  | 'P4 same content'
  | 'P5 each sale once'
  | 'P6 truthful status'
  | 'P7 unsent sales'
  | 'T9 scrub'
  | 'N notices'
  | 'N copies'
  | 'no stale answer'
  | 'order'
  | 'applied once'
  | 'no hot loop'
  | 'no repair without a cause'
  | 'convergence'
  | 'no exception';

/** A promise was found broken at a moment. */
export interface Violation {
  readonly rule: BrokenRule;
  readonly atMs: number;
  readonly detail: string;
}
