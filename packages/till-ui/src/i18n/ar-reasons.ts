const REASONS: Readonly<Record<string, string>> = {
  no_catalog_yet: 'تُحمَّل القائمة للمرة الأولى.',
  server_silent: 'الخادم لا يستجيب. البيع يعمل؛ قد تكون الأسعار قديمة.',
  server_not_reached: 'لم يُوصَل إلى الخادم بعد؛ لا قائمة للبيع منها.',
  broker_detached: 'يُعاد فتح خط التغييرات الفورية.',
  behind: 'التغييرات في الطريق.',
  working: 'يُسأل الخادم عن التغييرات.',
  unsent_sales: 'المبيعات في الطريق إلى الخادم.',
  store_failing: 'لا يستطيع هذا الصندوق حفظ التغييرات. تحقق من المساحة الحرة على قرصه.',
  content_differs: 'القائمة هنا ليست قائمة الخادم؛ يُعاد تحميلها.',
  cloned:
    'نسخة أخرى من بيانات هذا الصندوق قيد الاستعمال، أو أُعيدت هذه من نسخة قديمة. البيع يعمل. اتصل بالمورّد: يُفعَّل كل صندوق على حدة.',
  license_suspended: 'الترخيص موقوف. اتصل بالمورّد.',
  license_expired: 'انتهت مدة الترخيص. اتصل بالمورّد.',
  license_unknown: 'لا يعرف الخادم ترخيص هذا الصندوق. تحقق من مفتاح الترخيص.',
  license_revoked: 'أُنهي الترخيص نهائيًا. اتصل بالمورّد.',
  terminal_revoked: 'أُخرج هذا الصندوق من الخدمة. اتصل بالمورّد، وهو يستطيع تفعيله من جديد.',
  terminal_unknown: 'لم يعد الخادم يعرف هذا الصندوق. اتصل بالمورّد: يجب تفعيله من جديد.',
  assertion_invalid: 'لم يعد الخادم يعرف هذا الصندوق. اتصل بالمورّد: يجب تفعيله من جديد.',
  terminal_not_activated: 'هذا الصندوق غير مفعّل بعد.',
  license_key_not_accepted: 'هذا الصندوق غير مفعّل بعد.',
  not_set_up: 'لم يُعدّ هذا الصندوق بعد.',
};

/** Why a till is not live, in Arabic; the till's own words for what is not known here. */
export function arReason(code: string | null, words: string): string {
  return (code === null ? undefined : REASONS[code]) ?? words;
}
