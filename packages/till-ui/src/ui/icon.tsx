import type { VNode } from 'preact';

export type IconName =
  | 'live'
  | 'catching_up'
  | 'offline'
  | 'needs_attention'
  | 'search'
  | 'close'
  | 'options'
  | 'activity'
  | 'check'
  | 'info'
  | 'warning'
  | 'box';

const PATHS: Readonly<Record<IconName, VNode>> = {
  live: <circle cx="12" cy="12" r="9" fill="currentColor" stroke="none" />,
  catching_up: (
    <>
      <path d="M20 12a8 8 0 0 1-14 5.3M4 12a8 8 0 0 1 14-5.3" />
      <path d="M18 2.5v4.5h-4.5M6 21.5v-4.5h4.5" />
    </>
  ),
  offline: (
    <>
      <path d="M6 3h12M6 21h12" />
      <path d="M7.5 3v3.5l4.5 5.5 4.5-5.5V3z" fill="currentColor" />
      <path d="M7.5 21v-3.5l4.5-5.5 4.5 5.5V21z" />
    </>
  ),
  needs_attention: (
    <>
      <path d="M12 3 22 20.5H2z" fill="currentColor" />
      <path d="M12 9.5v5M12 17.200v.3" stroke="var(--icon-hole, #fff)" />
    </>
  ),
  search: (
    <>
      <circle cx="10.5" cy="10.5" r="6.5" />
      <path d="m15.5 15.5 5 5" />
    </>
  ),
  close: <path d="m6 6 12 12M18 6 6 18" />,
  options: (
    <>
      <path d="M4 7h9M19 7h1M4 17h1M11 17h9" />
      <circle cx="16" cy="7" r="3" />
      <circle cx="8" cy="17" r="3" />
    </>
  ),
  activity: <path d="M3 12h4l3 8 4-16 3 8h4" />,
  check: <path d="m4 12.5 5 5L20 6.5" />,
  info: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="M12 11v5.5M12 7.5v.3" />
    </>
  ),
  warning: (
    <>
      <path d="M12 3.5 21.5 20h-19z" />
      <path d="M12 10v4.5M12 17v.2" />
    </>
  ),
  box: <path d="M4 8 12 4l8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8" />,
};

/** A drawing beside a word: it is never the only bearer of a meaning, and screen readers pass it by. */
export function Icon({ name, size = 20 }: { readonly name: IconName; readonly size?: number }): VNode {
  return (
    <svg
      class={`icon icon-${name}`}
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      stroke-width="2.2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {PATHS[name]}
    </svg>
  );
}
