import type { Strings } from './en.ts';
import { formatMegabytes } from './numbers.ts';

/** Setting a till up, in Arabic. */
export const arSetup: Strings['setup'] = {
  title: 'إعداد هذا الصندوق',
  intro: 'أعطاك المورّد مفتاح ترخيص ورمز تفعيل.',
  key: 'مفتاح الترخيص',
  keyHint: 'أحرف وأرقام وواصلات، مثل EXTRO-LIFE-ABC123',
  keyWrong: 'مفتاح الترخيص من 6 إلى 64 من الأحرف الكبيرة والأرقام والواصلات المفردة.',
  code: 'رمز التفعيل',
  codeHint: 'كما هو في الورقة؛ المسافات لا تهم.',
  codeWrong: 'رمز التفعيل غير مكتمل بعد.',
  name: 'اسم هذا الصندوق',
  nameHint: 'مثل «الصندوق 1»: يظهر هنا وعند المورّد.',
  nameWrong: 'أعطِ الصندوق اسمًا.',
  server: 'الخادم',
  serverHint: 'العنوان من المورّد، ويبدأ بـ https://',
  serverWrong: 'يبدأ العنوان بـ https://، أو http:// على هذا الجهاز.',
  activate: 'تفعيل',
  activating: 'جارٍ سؤال الخادم…',
  ready: 'يبدو صحيحًا',
  loading: 'جارٍ تحميل القائمة',
  loadingBytes: (bytes) => `وصل ${formatMegabytes(bytes)}`,
  connecting: 'تم التفعيل. جارٍ الاتصال بالخادم…',
};
