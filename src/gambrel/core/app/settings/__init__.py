"""Settings of an app: typed sections, merged from arguments, files and the environment.

    settings = Settings(); settings.declare("blog", BlogSettings); settings.load()
    settings.blog.title, settings.core.debug

The app owns one `Settings`; extensions declare a section by their `settings` attribute.
"""

from gambrel.core.app.settings.core import CoreSettings
from gambrel.core.app.settings.merge import Setting
from gambrel.core.app.settings.secret import Secret
from gambrel.core.app.settings.settings import Settings
from gambrel.core.app.settings.values import Env

__all__ = ["CoreSettings", "Env", "Secret", "Setting", "Settings"]
