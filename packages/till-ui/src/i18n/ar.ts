import type { TerminalStatusWord } from '@tillcast/protocol/replica/status';
import { arErrors } from './ar-errors.ts';
import { arReason } from './ar-reasons.ts';
import { arSetup } from './ar-setup.ts';
import { arabicCount } from './arabic-count.ts';
import type { Strings } from './en.ts';
import { formatNumber, formatPercent } from './numbers.ts';

/** Everything that the page says, in Arabic. */
export const ar: Strings = {
  starting: 'جارٍ البدء',
  license: 'الترخيص',
  version: (version) => `إصدار ${formatNumber(version, { useGrouping: false })}`,

  units: { ms: 'م.ث', s: 'ث', min: 'د', h: 'س', d: 'ي' },

  search: {
    label: 'البحث بالاسم أو رمز الصنف أو الباركود',
    placeholder: 'ابحث أو امسح',
    clear: 'مسح البحث',
    found: (count) => `عدد النتائج: ${formatNumber(count)}`,
    heading: (query) => `«${query}»`,
    nothing: (query) => `لا شيء يطابق «${query}»`,
    nothingHint: 'بُحث في أسماء القائمة كلها ورموزها وباركوداتها.',
    scannedNothing: (code) => `لا يوجد منتج بالرمز ${code}`,
  },

  status: {
    label: (word: TerminalStatusWord, version, behind) => {
      switch (word) {
        case 'live':
          return version === null ? 'مباشر' : `مباشر، إصدار ${formatNumber(version, { useGrouping: false })}`;
        case 'catching_up':
          return behind === null || behind === 0 ? 'جارٍ التحديث' : `جارٍ التحديث (${formatNumber(behind)})`;
        case 'offline':
          return 'غير متصل – البيع يعمل';
        case 'needs_attention':
          return 'يحتاج إلى انتباه';
      }
    },
    word: {
      live: 'مباشر',
      catching_up: 'جارٍ التحديث',
      offline: 'غير متصل، البيع يعمل',
      needs_attention: 'يحتاج إلى انتباه',
    },
    announce: (word, reason) => `الحالة: ${word}. ${reason}`.trim(),
    reason: arReason,
    details: 'تفاصيل الحالة',
    unsent: (count) => `غير مرسل: ${formatNumber(count)}`,
    allWell: 'وصلت كل التغييرات، وأكّدها الخادم.',
    programSilent: 'برنامج الصندوق على هذا الجهاز لا يستجيب. أعد تشغيله أو اتصل بالدعم.',
    pageReading: 'تقرأ هذه الصفحة القائمة من الصندوق.',
    startingReason: 'جارٍ سؤال برنامج الصندوق على هذا الجهاز.',
  },

  sheet: {
    close: 'إغلاق',
    lastContact: 'آخر اتصال',
    never: 'ليس بعد',
    ago: (age) => `قبل ${age}`,
    clockDiffers: 'الآن',
    version: 'إصدار القائمة',
    noVersion: 'لا قائمة بعد',
    content: 'تم التحقق من المحتوى',
    contentAt: (version) => `عند الإصدار ${formatNumber(version, { useGrouping: false })}`,
    contentNotYet: 'ليس بعد',
    contentLast: (version) => `آخر مرة عند الإصدار ${formatNumber(version, { useGrouping: false })}`,
    clock: 'ساعة هذا الجهاز',
    clockOff: (by, ahead) => (ahead ? `متقدمة ${by}` : `متأخرة ${by}`),
    clockHint: 'اضبطها حين يتسع الوقت. المبيعات تحمل وقت الخادم.',
    channel: 'استقبال التغييرات',
    yes: 'نعم',
    no: 'لا',
    unsent: 'مبيعات غير مرسلة',
    showSales: 'عرض المبيعات',
    nextTry: 'المحاولة التالية',
    inTime: (time) => `بعد ${time}`,
    now: 'الآن',
    holds: 'يحتوي هذا الصندوق على',
    syncNow: 'زامن الآن',
    syncing: 'جارٍ سؤال الخادم…',
    syncUnreachable: 'برنامج الصندوق لا يستجيب.',
    upToDate: (version) =>
      version === null ? 'محدّث' : `محدّث (إصدار ${formatNumber(version, { useGrouping: false })})`,
    applied: (count) =>
      arabicCount(count, ['طُبّق تغيير واحد', 'طُبّق تغييران', 'تغييرات طُبّقت', 'تغييرًا طُبّق', 'تغيير طُبّق']),
  },

  counts: {
    product: (count) => arabicCount(count, ['منتج واحد', 'منتجان', 'منتجات', 'منتجًا', 'منتج']),
    category: (count) => arabicCount(count, ['فئة واحدة', 'فئتان', 'فئات', 'فئة', 'فئة']),
    modifier: (count) =>
      arabicCount(count, [
        'مجموعة خيارات واحدة',
        'مجموعتا خيارات',
        'مجموعات خيارات',
        'مجموعة خيارات',
        'مجموعة خيارات',
      ]),
    table: (count) => arabicCount(count, ['طاولة واحدة', 'طاولتان', 'طاولات', 'طاولة', 'طاولة']),
    user: (count) => arabicCount(count, ['موظف واحد', 'موظفان', 'موظفين', 'موظفًا', 'موظف']),
    item: (count) => arabicCount(count, ['صنف واحد', 'صنفان', 'أصناف', 'صنفًا', 'صنف']),
    seat: (count) => arabicCount(count, ['مقعد واحد', 'مقعدان', 'مقاعد', 'مقعدًا', 'مقعد']),
  },

  banner: {
    offline: (time) =>
      time === null
        ? 'غير متصل. البيع يعمل؛ ستصل التغييرات عند عودة الاتصال.'
        : `غير متصل، آخر اتصال ${time}. البيع يعمل؛ ستصل التغييرات عند عودة الاتصال.`,
    programSilent: 'برنامج الصندوق على هذا الجهاز لا يستجيب. قد يكون المعروض هنا قديمًا.',
  },

  notices: {
    label: 'إشعارات',
    info: 'إشعار',
    warning: 'تحذير',
    dismiss: 'إخفاء',
    position: (index, count) => `${formatNumber(index)} من ${formatNumber(count)}`,
  },

  categories: {
    label: 'الفئات',
    often: 'الأكثر بيعًا',
    all: 'كل المنتجات',
    rest: 'أخرى',
  },

  products: {
    label: 'المنتجات',
    unavailable: 'غير متوفر',
    hasOptions: 'له خيارات',
    noPrice: 'بلا سعر',
    was: (price) => `كان ${price}، والآن`,
    loading: 'جارٍ قراءة القائمة',
    noneYet: 'لا قائمة بعد',
    noneYetHint: 'تأتي من الخادم تلقائيًا حالما يتصل هذا الصندوق.',
    emptyCatalog: 'لا منتجات في القائمة',
    emptyCatalogHint: 'ما يُضاف على الخادم يظهر هنا فورًا.',
    emptyShelf: 'لا شيء في هذه الفئة',
    emptyShelfHint: 'ما يُضاف إليها يظهر هنا فورًا.',
  },

  detail: {
    gone: 'لم يعد هذا المنتج في القائمة.',
    sku: 'رمز الصنف',
    barcode: 'الباركود',
    category: 'الفئة',
    tax: 'الضريبة، مشمولة',
    taxPercent: (percent) => formatPercent(percent),
    choose: (min, max) => {
      if (min === max) return `اختر ${formatNumber(min)}`;
      if (min === 0 && max === 1) return 'اختياري';
      return min === 0
        ? `اختر حتى ${formatNumber(max)}`
        : `اختر من ${formatNumber(min)} إلى ${formatNumber(max)}`;
    },
    included: 'مشمول',
  },

  options: {
    label: (product) => `خيارات ${product}`,
    chooseFirst: (group) => `اختر: ${group}`,
    done: 'تم',
    cancel: 'رجوع',
  },

  menu: {
    open: 'القائمة الرئيسية',
    sales: 'المبيعات',
    orders: 'الطاولات والطلبات',
    activity: 'النشاط',
    language: 'اللغة',
    signOut: (name) => `تسجيل خروج ${name}`,
  },

  cart: {
    label: 'الطلب',
    counter: 'بيع مباشر',
    table: (name) => `طاولة ${name}`,
    empty: 'لم يُسجَّل شيء بعد',
    emptyHint: 'المس منتجًا أو امسح رمزه.',
    total: 'المجموع',
    taxIncluded: 'الضريبة مشمولة',
    discount: 'خصم',
    addDiscount: 'خصم',
    pay: 'ادفع',
    payAmount: (amount) => `ادفع ${amount}`,
    orders: 'الطاولات والطلبات',
    openOrders: (count) =>
      arabicCount(count, ['طلب مفتوح واحد', 'طلبان مفتوحان', 'طلبات مفتوحة', 'طلبًا مفتوحًا', 'طلب مفتوح']),
    show: 'إظهار الطلب',
    hide: 'إخفاء الطلب',
    nowCosts: (price) => `الآن ${price}`,
    quantity: (quantity) => `${formatNumber(quantity)} ×`,
  },

  line: {
    quantity: 'الكمية',
    less: 'أقل بواحد',
    more: 'أكثر بواحد',
    note: 'ملاحظة',
    notePlaceholder: 'للمطبخ أو للإيصال',
    options: 'تغيير الخيارات',
    discount: 'خصم',
    remove: 'حذف',
    done: 'تم',
    each: (price) => `${price} للواحد`,
    priceNow: (price) => `السعر الآن ${price}. يحتفظ هذا السطر بسعره.`,
  },

  discount: {
    title: 'خصم على الطلب',
    percent: 'نسبة',
    amount: 'مبلغ',
    none: 'بلا خصم',
    apply: 'تطبيق',
    off: (percent) => `−${percent}`,
  },

  pay: {
    title: 'الدفع',
    due: 'المطلوب',
    back: 'العودة إلى الطلب',
    cash: 'نقدًا',
    cashExact: 'نقدًا بالضبط',
    card: 'بطاقة',
    cardHint: 'اخصم المبلغ بجهاز البطاقات أولًا؛ ثم يسجّله الصندوق.',
    given: 'المدفوع',
    change: 'الباقي',
    short: (amount) => `ينقص ${amount}`,
    takeCash: 'استلم النقد',
    saving: 'جارٍ الحفظ…',
  },

  paid: {
    title: 'مدفوع',
    change: 'الباقي',
    receipt: 'الإيصال',
    print: 'طباعة',
    next: 'بيع جديد',
  },

  keypad: {
    label: 'لوحة الأرقام',
    back: 'حذف الرقم الأخير',
    clear: 'مسح',
  },

  receipt: {
    title: (number) => `إيصال ${number}`,
    refundTitle: (number) => `استرجاع ${number}`,
    refundOf: (number) => `استرجاع البيع ${number}`,
    total: 'المجموع',
    refunded: 'المُعاد',
    discount: 'خصم',
    taxAt: (percent) => `ضريبة ${percent}، مشمولة`,
    taxWithout: 'بلا ضريبة',
    cash: 'نقدًا',
    card: 'بطاقة',
    given: 'المدفوع',
    change: 'الباقي',
    servedBy: (name) => `خدمكم ${name}`,
    table: (name) => `طاولة ${name}`,
    thanks: 'شكرًا لكم',
    print: 'طباعة',
    refund: 'استرجاع',
    back: 'رجوع',
    loading: 'جارٍ قراءة الإيصال',
  },

  refund: {
    title: 'استرجاع',
    hint: 'اختر ما يُعاد.',
    all: 'الكل',
    of: (quantity, sold) => `${formatNumber(quantity)} من ${formatNumber(sold)}`,
    cash: 'إعادة نقدًا',
    card: 'إعادة على البطاقة',
    nothing: 'أُعيد كل ما في هذا الإيصال من قبل.',
  },

  sales: {
    title: 'المبيعات',
    back: 'العودة إلى البيع',
    none: 'لا مبيعات بعد',
    noneHint: 'يظهر كل بيع هنا حالما يُدفع.',
    nothingFound: 'لا إيصال بهذا الرقم',
    search: 'رقم الإيصال',
    more: 'مبيعات أقدم',
    retry: 'أرسل مرة أخرى',
    refund: 'استرجاع',
    waiting: (count) =>
      arabicCount(count, [
        'بيع واحد ينتظر الإرسال',
        'بيعان ينتظران الإرسال',
        'مبيعات تنتظر الإرسال',
        'بيعًا ينتظر الإرسال',
        'بيع ينتظر الإرسال',
      ]),
    allSent: 'كل المبيعات على الخادم.',
    state: {
      saved: 'محفوظ',
      sending: 'يُرسل',
      accepted: 'مقبول',
      rejected: 'مرفوض',
    },
    stateHint: {
      saved: 'محفوظ بأمان على هذا الصندوق؛ يُرسل إلى الخادم تلقائيًا.',
      sending: 'في طريقه إلى الخادم.',
      accepted: 'على الخادم.',
      rejected: 'لم يقبله الخادم. وهو محفوظ هنا.',
    },
    export: 'تصدير',
    exportTitle: 'تصدير المبيعات غير المرسلة',
    exportHint:
      'يكتب كل بيع غير مرسل في ملف مشفّر على هذا الصندوق. يلزم رمز مدير وعبارة مرور تختارها؛ من يملك عبارة المرور يستطيع قراءة الملف.',
    exportPin: 'رمز المدير',
    exportPassphrase: 'عبارة المرور، 12 حرفًا على الأقل',
    exportRun: 'اكتب الملف',
    exported: (count) =>
      arabicCount(count, ['كُتب بيع واحد في', 'كُتب بيعان في', 'مبيعات كُتبت في', 'بيعًا كُتب في', 'بيع كُتب في']),
  },

  tables: {
    title: 'الطاولات والطلبات',
    back: 'العودة إلى البيع',
    counter: 'بيع مباشر',
    noArea: 'الطاولات',
    none: 'لا طاولات في القائمة',
  },

  staff: {
    title: 'من يبيع؟',
    pin: 'الرمز السري',
    enterPin: (name) => `رمز ${name} السري`,
    signIn: 'تسجيل الدخول',
    digits: (count) =>
      arabicCount(count, ['أُدخل رقم واحد', 'أُدخل رقمان', 'أرقام أُدخلت', 'رقمًا أُدخل', 'رقم أُدخل']),
    manager: 'مدير',
    cashier: 'أمين صندوق',
    signOutTitle: 'مبيعات تنتظر الإرسال',
    signOutHint:
      'هي محفوظة بأمان على هذا الصندوق. يستطيع المدير تسجيل الخروج مع ذلك: يُكتب لها تصدير مشفّر أولًا.',
  },

  setup: arSetup,

  activity: {
    title: 'النشاط',
    empty: 'لا تغييرات بعد',
    emptyHint: 'يظهر كل تغيير هنا حالما يُطبَّق.',
    version: (version) => `إصدار ${formatNumber(version, { useGrouping: false })}`,
    committed: 'اعتُمد',
    received: 'وصل',
    applied: 'طُبّق',
    clocksDiffer: 'الساعات مختلفة',
    type: {
      price_update: 'سعر',
      product_update: 'منتج',
      product_delete: 'منتج',
      category_update: 'فئة',
      category_delete: 'فئة',
      modifier_update: 'خيارات',
      modifier_delete: 'خيارات',
      table_update: 'طاولة',
      table_delete: 'طاولة',
      user_update: 'موظف',
      user_delete: 'موظف',
      catalog_update: 'القائمة',
      license_update: 'الترخيص',
      system_notice: 'إشعار',
      'broadcast.system_notice': 'إشعار',
      snapshot: 'القائمة',
      delta: 'جارٍ التحديث',
      message_refused: 'مرفوض',
    },
  },

  errors: arErrors,
};
