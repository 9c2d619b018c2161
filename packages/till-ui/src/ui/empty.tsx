import './empty.css';
import type { ComponentChildren, VNode } from 'preact';
import { Icon, type IconName } from './icon.tsx';

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly hint: string;
  readonly children?: ComponentChildren;
}

/** Says why there is nothing here, and what will come. */
export function Empty({ icon, title, hint, children }: EmptyProps): VNode {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} size={28} />
      </span>
      <p class="empty-title" dir="auto">
        {title}
      </p>
      <p class="empty-hint">{hint}</p>
      {children}
    </div>
  );
}
