"""Clients made from a document of OpenAPI 3: a typed method for each operation.

gambrel client app.py --output shop_client.py
"""

from gambrel.client.typed.module import render_client
from gambrel.client.typed.service import Refused, Service, quote

__all__ = ["Refused", "Service", "quote", "render_client"]
