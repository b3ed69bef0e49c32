"""Names, texts and conversations of generated people."""

from __future__ import annotations

PERSIAN_FIRST = (
    "مریم", "زهرا", "فاطمه", "سارا", "نرگس", "لیلا", "شیرین", "مینا", "پریسا", "نازنین", "الهام", "سمیرا", "رؤیا",
    "علی", "محمد", "رضا", "حسین", "امیر", "مهدی", "حمید", "سعید", "کاوه", "آرش", "بهرام", "داریوش", "کیان", "یاسر",
)  # fmt: skip
PERSIAN_LAST = (
    "حسینی", "محمدی", "رضایی", "احمدی", "کریمی", "موسوی", "جعفری", "صادقی", "رحیمی", "ابراهیمی", "حیدری", "قاسمی",
    "یوسفی", "نوری", "کاظمی", "شریفی", "باقری", "سلیمانی", "فرهادی", "اکبری", "عباسی", "ملکی", "زارعی", "طاهری",
)  # fmt: skip
ENGLISH_FIRST = (
    "Maryam", "Zahra", "Sara", "Leila", "Mina", "Emma", "Olivia", "Grace", "Hannah", "Julia", "Ali", "Reza", "Omid",
    "James", "Oliver", "Henry", "Lucas", "Thomas", "Daniel", "Peter", "Kian", "Dariush", "Samuel", "Victor", "Walter",
)  # fmt: skip
ENGLISH_LAST = (
    "Hosseini", "Ahmadi", "Karimi", "Smith", "Taylor", "Walker", "Hughes", "Murphy", "Kelly", "Schmidt", "Fischer",
    "Weber", "Meyer", "Novak", "Rossi", "Moretti", "Andersson", "Nielsen", "Dubois", "Laurent", "Garcia", "Silva",
)  # fmt: skip
CITIES = ("تهران", "مشهد", "اصفهان", "شیراز", "تبریز", "Tehran", "Isfahan", "London", "Berlin")

ERRANDS = (
    "Appointments", "Payment reminders", "Renewals", "Survey", "Deliveries", "Welcome calls", "Check-ups",
    "یادآوری نوبت", "نظرسنجی", "تمدید اشتراک",
)  # fmt: skip
LIST_WORDS = ("Clinic", "Shop", "Members", "Newsletter", "مشتریان", "بیماران")
TAGS = ("vip", "new", "late payer", "clinic", "shop", "مشتری ویژه")
CONSENTS = ("web form", "contract", "paper form at the desk", "", "")

TALKS = (
    (
        ("agent", "سلام، از طرف درمانگاه تماس می‌گیرم. نوبت شما فردا ساعت {hour} است. تشریف می‌آورید؟"),
        ("person", "بله، می‌آیم. ممنون که یادآوری کردید."),
        ("agent", "عالی است. لطفاً کارت بیمه را همراه داشته باشید."),
        ("person", "حتماً، خداحافظ."),
    ),
    (
        ("agent", "سلام، صورت‌حساب این ماه شما هنوز پرداخت نشده است. می‌توانم راهنمایی کنم؟"),
        ("person", "فردا ساعت {hour} پرداخت می‌کنم."),
        ("agent", "بسیار خوب، ثبت شد. روز خوبی داشته باشید."),
    ),
    (
        ("agent", "Hello, this is the clinic. Your appointment is tomorrow at {hour}. Will you come?"),
        ("person", "Could we move it to the afternoon?"),
        ("agent", "Of course. I have put you down for four o'clock."),
        ("person", "Perfect, thank you."),
    ),
    (
        ("agent", "Good morning, your parcel arrives today at {hour}. Is somebody at home?"),
        ("person", "Yes, please ring the lower bell."),
        ("agent", "I will tell the driver. Goodbye."),
    ),
    (
        ("agent", "Hello, do you have two minutes for three questions about our service?"),
        ("person", "I am driving, please call again after {hour}."),
        ("agent", "I will. Drive safely."),
    ),
)
SUMMARIES = ("Confirmed.", "Wants another time.", "Will pay tomorrow.", "Asked to be called later.", "تأیید شد.")

OPT_OUT_REASONS = ("Asked not to be called", "Moved away", "خواست دیگر تماس نگیریم", "Wrong person")
VENDOR_ERRORS = ("The line was cut.", "No route to this number.", "The carrier refused the call.")
