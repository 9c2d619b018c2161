import './pane.css';
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

interface PaneProps {
  readonly testId: string;
  readonly title: ComponentChildren;
  /** The name of the place for screen readers, when it is more than its title. */
  readonly label?: string;
  readonly back: string;
  readonly onBack: () => void;
  /** What stands at the end of its head. */
  readonly side?: ComponentChildren;
  readonly foot?: ComponentChildren;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

/** A place on the page, where the products are otherwise. Escape leaves it; it takes the focus when it opens. */
export function Pane({ testId, title, label, back, onBack, side, foot, wide, children }: PaneProps): VNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <main
      class={`pane${wide === true ? ' is-wide' : ''}`}
      data-testid={testId}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onBack();
      }}
    >
      <header class="pane-head">
        <button type="button" class="pane-back" data-testid="back" aria-label={back} onClick={onBack}>
          <Icon name="back" size={24} />
        </button>
        <h1 ref={heading} tabIndex={-1} class="pane-title" dir="auto" aria-label={label}>
          {title}
        </h1>
        {side === undefined || side === null ? null : <div class="pane-side figures">{side}</div>}
      </header>
      <div class="pane-body">{children}</div>
      {foot === undefined || foot === null ? null : <footer class="pane-foot">{foot}</footer>}
    </main>
  );
}
