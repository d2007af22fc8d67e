"""Covers and portraits: drawn of a number, the same each time, since nobody has photographed them.

They are shapes in SVG without styles, which the policy for pages allows.
"""

import math
from random import Random

from gambrel.markup import Markup, element

__all__ = ["cover", "portrait"]

PALETTES = (
    ("#1d3557", "#e63946", "#f1faee", "#a8dadc"),
    ("#2b2d42", "#ef8354", "#fdf0d5", "#8d99ae"),
    ("#264653", "#e9c46a", "#f4a261", "#2a9d8f"),
    ("#3d1e3f", "#f72585", "#ffd6e0", "#7b4bb7"),
    ("#0b3c49", "#f6ae2d", "#fff4d6", "#e4572e"),
    ("#1b4332", "#d8f3dc", "#95d5b2", "#e9b44c"),
    ("#3a0ca3", "#ffb703", "#f8f4ff", "#4cc9f0"),
    ("#4a1d1f", "#e07a5f", "#f4f1de", "#f2cc8f"),
    ("#14213d", "#fca311", "#e5e5e5", "#5c7cbd"),
    ("#22223b", "#c9ada7", "#f2e9e4", "#9a8c98"),
)


def cover(key: int) -> Markup:
    """Return the cover of an album."""
    chance = Random(key * 7919)
    dark, bright, light, calm = chance.choice(PALETTES)
    drawn = chance.choice((sun, rings, roofs, waves, dots, slats))
    shapes = drawn(chance, bright, light, calm)
    return picture(rectangle(0, 0, 100, 100, dark), *shapes, class_="cover")


def portrait(name: str) -> Markup:
    """Return a picture of somebody: the first letters, on a colour of their own."""
    dark, bright, light, _ = PALETTES[sum(map(ord, name)) % len(PALETTES)]
    words = [word for word in name.split() if word[0].isupper() and word != "The"]
    letters = "".join(word[0] for word in words[:2])
    written = {"text-anchor": "middle", "font-size": "36", "font-weight": "700"}
    text = element("text", letters, attributes=written, x=50, y=60, fill=light)
    arc = circle(50, 128, 56, bright, opacity=0.7)
    return picture(rectangle(0, 0, 100, 100, dark), arc, text, class_="portrait")


def picture(*shapes: Markup, class_: str) -> Markup:
    """Return a picture that says nothing that is not written beside it."""
    box = {"viewBox": "0 0 100 100", "focusable": "false"}
    return element("svg", *shapes, attributes=box, class_=class_, aria_hidden="true")


def rectangle(x: float, y: float, width: float, height: float, fill: str) -> Markup:
    return element("rect", x=x, y=y, width=width, height=height, fill=fill)


def circle(x: float, y: float, radius: float, fill: str, opacity: float = 1) -> Markup:
    return element("circle", cx=x, cy=y, r=radius, fill=fill, opacity=opacity)


def sun(chance: Random, bright: str, light: str, calm: str) -> list[Markup]:
    """Draw a sun behind hills."""
    at, height = chance.randint(25, 75), chance.randint(34, 52)
    shapes = [circle(at, height, chance.randint(16, 26), bright)]
    for layer, (fill, opacity) in enumerate(((calm, 0.55), (calm, 0.9), (light, 1))):
        top = 56 + 13 * layer
        bend = chance.randint(-16, 16)
        path = f"M0 {top} C30 {top - bend} 65 {top + bend} 100 {top - bend / 2} V100 H0 Z"
        shapes.append(element("path", d=path, fill=fill, opacity=opacity))
    return shapes


def rings(chance: Random, bright: str, light: str, calm: str) -> list[Markup]:
    """Draw a record, or what looks like one."""
    x, y = chance.randint(30, 70), chance.randint(30, 70)
    fills = (calm, bright, light)
    sizes = range(chance.randint(44, 62), 6, -chance.randint(8, 11))
    return [circle(x, y, size, fills[at % 3]) for at, size in enumerate(sizes)]


def roofs(chance: Random, bright: str, light: str, calm: str) -> list[Markup]:
    """Draw gambrel roofs, one before the other."""
    shapes = [circle(chance.randint(15, 85), 24, 11, light)]
    for row, fill in enumerate((calm, bright, light)):
        low, left = 58 + 17 * row, chance.randint(-12, 30)
        path = f"M{left} 100 V{low + 8} l10 -18 l22 -12 l22 12 l10 18 V100 Z"
        shapes.append(element("path", d=path, fill=fill, opacity=0.95))
    return shapes


def waves(chance: Random, bright: str, light: str, calm: str) -> list[Markup]:
    """Draw a sound."""
    shapes, turn = [], chance.random() * 6
    for at in range(13):
        height = 10 + 34 * abs(math.sin(turn + at * 0.55)) * (0.6 + 0.4 * chance.random())
        fill = (bright, light, calm)[at % 3]
        bar = {"x": 8.5 + at * 6.6, "y": 50 - height, "width": 3.8, "height": 2 * height}
        bar = {name: round(value, 1) for name, value in bar.items()}
        shapes.append(element("rect", attributes=bar, rx=1.9, fill=fill))
    return shapes


def dots(chance: Random, bright: str, light: str, calm: str) -> list[Markup]:
    """Draw a field of dots that grow to one side."""
    across, down = chance.choice(((1, 0), (0, 1), (0.5, 0.5)))
    odd = chance.randrange(36)
    shapes = []
    for at in range(36):
        x, y = at % 6, at // 6
        fill = bright if at == odd else (light if (x + y) % 2 else calm)
        shapes.append(
            circle(13 + x * 14.8, 13 + y * 14.8, round(1.6 + across * x + down * y, 1), fill)
        )
    return shapes


def slats(chance: Random, bright: str, light: str, calm: str) -> list[Markup]:
    """Draw slanted boards."""
    lean, shapes = chance.choice((-28, 28)), []
    for at, fill in enumerate((calm, bright, light, bright, calm)):
        x = -6 + at * 23 + chance.randint(-2, 2)
        wide = chance.randint(7, 16)
        path = f"M{x} 0 h{wide} l{lean} 100 h-{wide} Z"
        shapes.append(element("path", d=path, fill=fill, opacity=0.92))
    return shapes
