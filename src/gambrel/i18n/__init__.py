"""Languages and time zones: texts, numbers, dates and money as each visitor has them.

    app = App(extensions=[Templates(), I18n("en", "de", "ar")])

    from gambrel.i18n import gettext as _

    @app.get("/")
    async def hello(name: str) -> str:
        return _("Hello %(name)s!", name=name)

Translations are gettext catalogs in the folder `locales`; `gambrel i18n init de` begins one. Needs
`pip install 'gambrel[i18n]'`.
"""

from gambrel.i18n.babel_needed import require_babel

require_babel()

from gambrel.i18n.extension import MESSAGE_CATALOGS, I18n  # noqa: E402 - Babel is there
from gambrel.i18n.formats import (  # noqa: E402
    format_compact,
    format_currency,
    format_date,
    format_datetime,
    format_list,
    format_number,
    format_percent,
    format_relative,
    format_time,
    to_visitor,
)
from gambrel.i18n.languages import Languages  # noqa: E402
from gambrel.i18n.locales import Locale  # noqa: E402
from gambrel.i18n.slugs import slugify, transliterate  # noqa: E402
from gambrel.i18n.texts import (  # noqa: E402
    get_locale,
    get_timezone,
    lazy_gettext,
    lazy_ngettext,
    lazy_pgettext,
    locale,
)
from gambrel.wording import (  # noqa: E402
    LazyText,
    gettext,
    ngettext,
    npgettext,
    pgettext,
)

__all__ = [
    "MESSAGE_CATALOGS",
    "I18n",
    "Languages",
    "LazyText",
    "Locale",
    "format_compact",
    "format_currency",
    "format_date",
    "format_datetime",
    "format_list",
    "format_number",
    "format_percent",
    "format_relative",
    "format_time",
    "get_locale",
    "get_timezone",
    "gettext",
    "lazy_gettext",
    "lazy_ngettext",
    "lazy_pgettext",
    "locale",
    "ngettext",
    "npgettext",
    "pgettext",
    "slugify",
    "to_visitor",
    "transliterate",
]
