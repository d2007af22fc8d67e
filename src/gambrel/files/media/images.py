"""Pictures of visitors made anew: decoded, turned upright, scaled, and written by us.

Nothing of the file that was sent is in what comes out but its pixels: no place or name from a
camera, no comment, nothing hidden behind the end. Pillow works in a thread.
"""

from contextlib import suppress
from io import BytesIO
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from gambrel.core.http.errors import ContentTooLarge, GambrelError, Unprocessable
from gambrel.core.http.threads import in_thread
from gambrel.files.media.local import pieces_of
from gambrel.files.media.storage import Content, sniff

__all__ = ["Image", "ImageRules", "NotAnImage", "gathered", "render_image"]

Format = Literal["avif", "gif", "jpeg", "png", "webp"]
_WRITTEN = {"avif": "webp", "gif": "png", "jpeg": "jpeg", "png": "png", "webp": "webp"}


class NotAnImage(Unprocessable):
    """A file is no picture that is taken (422)."""

    code = "not-an-image"


class ImageRules(Struct, frozen=True, kw_only=True):
    """What pictures are taken, and what becomes of them.

    A picture larger than `fit` (width, height) is scaled down into it, with `crop` also cut to its
    shape. `formats` are taken. What is written is `output`, or else: JPEG, PNG and WebP as they
    came, GIF as PNG, AVIF as WebP; of moving pictures the first. `quality` is of JPEG and WebP.
    More than `max_pixels`, or `max_size` bytes, are not even looked at.
    """

    fit: tuple[int, int] = (2048, 2048)
    crop: bool = False
    formats: tuple[Format, ...] = ("jpeg", "png", "webp", "gif", "avif")
    output: Literal["", "jpeg", "png", "webp"] = ""
    quality: Annotated[int, Meta(ge=1, le=100)] = 85
    max_pixels: Annotated[int, Meta(ge=1, le=80_000_000)] = 50_000_000
    max_size: int = 20 << 20


class Image(Struct, frozen=True):
    """A picture that we have written; `width` and `height` are in pixels."""

    content: bytes
    content_type: str
    width: int
    height: int


async def render_image(content: Content, rules: ImageRules | None = None) -> Image:
    """Return a picture made anew.

    Raises ContentTooLarge beyond `max_size` bytes, NotAnImage for what is no picture of the formats
    that are taken, is broken, or has too many pixels, and GambrelError where Pillow is missing.
    """
    rules = rules or ImageRules()
    return await in_thread(render, await gathered(content, rules.max_size), rules)


async def gathered(content: Content, max_size: int) -> bytes:
    """Return all of a content. Raises ContentTooLarge beyond `max_size` bytes."""
    kept = bytearray()
    async for piece in pieces_of(content):
        kept += piece
        if len(kept) > max_size:
            raise ContentTooLarge(f"The picture is larger than {max_size} bytes.")
    return bytes(kept)


def render(content: bytes, rules: ImageRules) -> Image:
    """Do the same with all bytes at hand. Blocks."""
    kind = sniff(content[:16]).removeprefix("image/")
    if kind not in rules.formats:
        raise NotAnImage(f"Send a picture as {', '.join(rules.formats).upper()}.")
    pillow = load_pillow()
    try:
        with pillow.Image.open(BytesIO(content), formats=[kind]) as picture:
            width, height = picture.size
            if width * height > rules.max_pixels:
                raise NotAnImage(
                    f"The picture has {width} × {height} pixels; {rules.max_pixels} are taken."
                )
            drawn = upright(pillow, picture, rules)
            return written(drawn, rules.output or _WRITTEN[kind], rules.quality)
    except (NotAnImage, MemoryError):
        raise
    except pillow.Image.DecompressionBombError as error:
        why = f"The picture has far too many pixels; {rules.max_pixels} are taken."
        raise NotAnImage(why) from error
    except Exception as error:  # whatever a decoder says of a broken file
        raise NotAnImage("The picture is damaged.") from error


def load_pillow() -> Any:
    """Return Pillow. Raises GambrelError where it is not installed."""
    try:
        import PIL.ImageCms  # noqa: PLC0415 - start-up: Pillow
        import PIL.ImageOps  # noqa: PLC0415 - start-up: Pillow
    except ModuleNotFoundError as error:
        raise GambrelError(
            "files.not-installed",
            "pictures are made anew by Pillow, which is not installed",
            "render_image(), Media.save_image()",
            "pip install 'gambrel[images]'",
        ) from error
    return PIL


def upright(pillow: Any, picture: Any, rules: ImageRules) -> Any:
    """Return the pixels as they are looked at: upright, in sRGB, scaled."""
    longest = max(rules.fit)
    picture.draft(None, (longest, longest))  # a JPEG is decoded no larger than it is wanted
    drawn = in_plain_colours(pillow, pillow.ImageOps.exif_transpose(picture))
    if rules.crop:
        width, height = rules.fit
        scale = min(1.0, drawn.width / width, drawn.height / height)
        box = (max(1, round(width * scale)), max(1, round(height * scale)))
        return pillow.ImageOps.fit(drawn, box)
    drawn.thumbnail(rules.fit, pillow.Image.Resampling.LANCZOS)
    return drawn


def in_plain_colours(pillow: Any, picture: Any) -> Any:
    """Return a picture as RGB or RGBA; the colours of a profile become those of sRGB."""
    profile, cms = picture.info.get("icc_profile"), pillow.ImageCms
    is_clear = picture.has_transparency_data
    if picture.mode.startswith("I"):  # grey in 16 bits, of which `convert` takes the lower ones
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    if profile and picture.mode in {"RGB", "RGBA", "CMYK"}:
        with suppress(cms.PyCMSError, OSError, ValueError):  # a broken profile says nothing
            mode = "RGBA" if picture.mode == "RGBA" else "RGB"
            given = cms.ImageCmsProfile(BytesIO(profile))
            picture = cms.profileToProfile(
                picture, given, cms.createProfile("sRGB"), outputMode=mode
            )
    drawn = picture.convert("RGBA" if is_clear else "RGB")
    drawn.info.clear()  # a writer would copy comments and profiles from there
    return drawn


def written(drawn: Any, kind: str, quality: int) -> Image:
    """Return a picture as a file."""
    if kind == "jpeg" and drawn.mode == "RGBA":
        white = drawn.copy()
        white.paste((255, 255, 255, 255), (0, 0, *drawn.size))
        white.alpha_composite(drawn)
        drawn = white.convert("RGB")
    options: dict[str, Any] = {"optimize": True} if kind == "png" else {"quality": quality}
    if kind == "jpeg":
        options |= {"optimize": True, "progressive": True}
    file = BytesIO()
    drawn.save(file, kind, **options)
    return Image(file.getvalue(), f"image/{kind}", drawn.width, drawn.height)
