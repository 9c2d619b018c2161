import './sheet.css';
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { strings } from '../i18n/strings.ts';
import { Icon } from './icon.tsx';

interface SheetProps {
  readonly title: ComponentChildren;
  readonly testId: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** What stays in sight at the foot, such as the sheet's action. */
  readonly foot?: ComponentChildren;
}

/**
 * Lies over the page at its end, or at its foot on a small screen. Escape, its button and a tap beside it
 * close it; the focus stays within and goes back to where it was.
 */
export function Sheet({ title, testId, onClose, children, foot }: SheetProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const isThere = useRef(true);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => {
      // Its own close comes later, when another sheet may have taken its place.
      isThere.current = false;
      element?.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby="sheet-title"
      data-testid={testId}
      onClose={() => {
        if (isThere.current) onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="sheet-inside">
        <header class="sheet-head">
          <h2 id="sheet-title" class="sheet-title" dir="auto">
            {title}
          </h2>
          <button type="button" class="sheet-close" onClick={onClose} aria-label={strings.sheet.close}>
            <Icon name="close" size={24} />
          </button>
        </header>
        {/* What is longer than the screen is scrolled by keyboard too. */}
        <div class="sheet-body" tabIndex={0}>
          {children}
        </div>
        {foot === undefined ? null : <footer class="sheet-foot">{foot}</footer>}
      </div>
    </dialog>
  );
}
