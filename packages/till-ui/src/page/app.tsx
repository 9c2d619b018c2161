import './app.css';
import type { VNode } from 'preact';
import { ActivityPanel } from '../activity/activity-panel.tsx';
import { ActivitySheet } from '../activity/activity-sheet.tsx';
import { CategoryRail } from '../categories/category-rail.tsx';
import { ProductSheet } from '../detail/product-sheet.tsx';
import { ProductsPane } from '../grid/products-pane.tsx';
import { NoticeStrip } from '../notices/notice-strip.tsx';
import { ConnectionBanner } from '../status/connection-banner.tsx';
import { StatusAnnouncer } from '../status/status-announcer.tsx';
import { StatusSheet } from '../status/status-sheet.tsx';
import { usePage } from './context.ts';
import { Header } from './header.tsx';
import { NO_SHEET } from './view.ts';

/** The till's page. */
export function App(): VNode {
  return (
    <div class="page">
      <Header />
      <div class="strips">
        <ConnectionBanner />
        <NoticeStrip />
      </div>
      <CategoryRail />
      <ProductsPane />
      <ActivityPanel />
      <StatusAnnouncer />
      <SheetOverPage />
    </div>
  );
}

function SheetOverPage(): VNode | null {
  const { view } = usePage();
  const sheet = view.sheet.value;
  const close = (): void => {
    view.sheet.value = NO_SHEET;
  };
  switch (sheet.is) {
    case 'none':
      return null;
    case 'status':
      return <StatusSheet onClose={close} />;
    case 'activity':
      return <ActivitySheet onClose={close} />;
    case 'product':
      return <ProductSheet productId={sheet.productId} onClose={close} />;
  }
}
