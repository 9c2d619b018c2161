import './app.css';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { ActivitySheet } from '../activity/activity-sheet.tsx';
import { Cart } from '../cart/cart.tsx';
import { DiscountSheet } from '../cart/discount-sheet.tsx';
import { LineSheet } from '../cart/line-sheet.tsx';
import { EMPTY_CATALOG } from '../catalog/catalog.ts';
import { CategoryRail } from '../categories/category-rail.tsx';
import { groupsOf } from '../counter/order-edits.ts';
import { ProductSheet } from '../detail/product-sheet.tsx';
import { ProductsPane } from '../grid/products-pane.tsx';
import { language } from '../i18n/strings.ts';
import { MenuSheet } from '../menu/menu-sheet.tsx';
import { NoticeStrip } from '../notices/notice-strip.tsx';
import { OptionsPane } from '../options/options-pane.tsx';
import { PayPane } from '../pay/pay-pane.tsx';
import { ReceiptPane } from '../receipt/receipt-pane.tsx';
import { RefundSheet } from '../receipt/refund-sheet.tsx';
import { ExportSheet } from '../sales/export-sheet.tsx';
import { SalesPane } from '../sales/sales-pane.tsx';
import { FirstLoad } from '../setup/first-load.tsx';
import { SetupPage } from '../setup/setup-page.tsx';
import { SignIn } from '../staff/sign-in.tsx';
import { ConnectionBanner } from '../status/connection-banner.tsx';
import { StatusAnnouncer } from '../status/status-announcer.tsx';
import { StatusSheet } from '../status/status-sheet.tsx';
import { TablesPane } from '../tables/tables-pane.tsx';
import { usePage } from './context.ts';
import { Header } from './header.tsx';
import { TroubleStrip } from './trouble-strip.tsx';
import { NO_SHEET } from './view.ts';

/** The till's page. */
export function App(): VNode {
  const { counter } = usePage();
  const { code, direction } = language.value;
  const place = counter.place.value.is;
  useEffect(() => {
    document.documentElement.lang = code;
    document.documentElement.dir = direction;
  }, [code, direction]);
  const isSelling = counter.ready.value && !counter.locked.value;
  return (
    <div
      class={`page${isSelling ? '' : ' is-plain'}${place === 'pay' || place === 'receipt' ? ' is-paying' : ''}`}
    >
      <Header />
      <div class="strips">
        <ConnectionBanner />
        <NoticeStrip />
        <TroubleStrip />
      </div>
      <Main />
      <StatusAnnouncer />
      <SheetOverPage />
    </div>
  );
}

function Main(): VNode {
  const { till, counter } = usePage();
  const setup = counter.setup.value;
  if (setup !== null && setup.state === 'needed') return <SetupPage server={setup.server ?? ''} />;
  if (setup !== null && setup.state === 'loading' && till.state.value?.version === null) return <FirstLoad />;
  if (counter.locked.value) return <SignIn />;
  return (
    <>
      <Place />
      {counter.ready.value ? <Cart /> : null}
    </>
  );
}

function Place(): VNode {
  const { till, counter } = usePage();
  const place = counter.place.value;
  const order = counter.order.value;
  const { products, modifiers } = till.catalog.catalog.value ?? EMPTY_CATALOG;
  switch (place.is) {
    case 'pay':
      if (order === null || order.lines.length === 0) break;
      return <PayPane order={order} />;
    case 'tables':
      return <TablesPane />;
    case 'sales':
      return <SalesPane />;
    case 'receipt':
      return <ReceiptPane key={place.saleId} saleId={place.saleId} print={place.print === true} />;
    case 'options': {
      const product = products.get(place.productId);
      if (product === undefined) break;
      const line = order?.lines.find(({ line_id }) => line_id === place.lineId) ?? null;
      return (
        <>
          <CategoryRail />
          <OptionsPane
            key={place.productId}
            product={product}
            groups={groupsOf(product, modifiers)}
            line={line}
          />
        </>
      );
    }
    case 'selling':
  }
  return (
    <>
      <CategoryRail />
      <ProductsPane />
    </>
  );
}

function SheetOverPage(): VNode | null {
  const { counter, view } = usePage();
  const sheet = view.sheet.value;
  const order = counter.order.value;
  const close = (): void => {
    view.sheet.value = NO_SHEET;
  };
  if (counter.exportForSignOut.value) return <ExportSheet signOut onClose={() => counter.forgetExport()} />;
  switch (sheet.is) {
    case 'none':
      return null;
    case 'status':
      return <StatusSheet onClose={close} />;
    case 'menu':
      return <MenuSheet onClose={close} />;
    case 'activity':
      return <ActivitySheet onClose={close} />;
    case 'product':
      return <ProductSheet productId={sheet.productId} onClose={close} />;
    case 'line': {
      const line = order?.lines.find(({ line_id }) => line_id === sheet.lineId);
      return order === null || line === undefined ? null : (
        <LineSheet key={line.line_id} order={order} line={line} onClose={close} />
      );
    }
    case 'discount':
      return order === null || order.lines.length === 0 ? null : (
        <DiscountSheet order={order} onClose={close} />
      );
    case 'refund': {
      const row = counter.shownSale(sheet.saleId).value;
      if (row === null) return null;
      const earlier = counter.sales.value.rows.filter(({ sale }) => sale.refund_of === sheet.saleId);
      return <RefundSheet row={row} earlier={earlier} onClose={close} />;
    }
    case 'export':
      return <ExportSheet signOut={false} onClose={close} />;
  }
}
