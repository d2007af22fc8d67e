"""Settings: typed sections, merged from arguments, files and the environment.

    sections = Sections(); sections.declare("blog", BlogSettings); sections.load()
    sections.blog.title

A ground floor of its own: it knows types, files and variables, no request, no app. The app adds
its own section to one `Sections`, extensions theirs by their `settings` attribute.
"""

from gambrel.settings.merge import Setting
from gambrel.settings.secret import Secret
from gambrel.settings.sections import Sections
from gambrel.settings.values import Env

__all__ = ["Env", "Secret", "Sections", "Setting"]
