"""Sessions: what is remembered of a visitor from one request to the next; and flash messages.

app = App(extensions=[Sessions()])

@app.post("/cart")
async def add(item: Item, session: Session, flash: Flash) -> Redirect:
    session.of(Cart).items.append(item)
    flash.add("It is in your cart.", "success")
    return Redirect("/", 303)
"""

from gambrel.sessions.consent import Consent
from gambrel.sessions.extension import Sessions, SessionSettings
from gambrel.sessions.flash import Flash, Message
from gambrel.sessions.session import Session
from gambrel.sessions.stores.memory import MemoryStore
from gambrel.sessions.stores.redis import RedisStore
from gambrel.sessions.stores.store import Store
from gambrel.sessions.tokens import CSRFToken

__all__ = [
    "CSRFToken",
    "Consent",
    "Flash",
    "MemoryStore",
    "Message",
    "RedisStore",
    "Session",
    "SessionSettings",
    "Sessions",
    "Store",
]
