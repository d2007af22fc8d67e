import asyncio
import struct
import zlib
from contextlib import suppress
from io import BytesIO
from typing import Any

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageCms, PngImagePlugin

from gambrel.core.http.errors import ContentTooLarge
from gambrel.files.media.images import Image, ImageRules, NotAnImage, render_image
from tests.architecture.isolation import run_without

RED, BLUE = (250, 10, 10), (10, 10, 250)


def file(
    size: tuple[int, int] = (60, 40), kind: str = "png", mode: str = "RGB", **options: Any
) -> bytes:
    """Return a picture, red on the left and blue on the right."""
    image = PIL.Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    kept = BytesIO()
    image.convert(mode).save(kept, kind, **options)
    return kept.getvalue()


def rendered(content: bytes, **rules: Any) -> Image:
    return asyncio.run(render_image(content, ImageRules(**rules)))


def opened(image: Image) -> PIL.Image.Image:
    return PIL.Image.open(BytesIO(image.content))


def near(found: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 25 for a, b in zip(found[:3], colour, strict=True))


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [("png", "png"), ("jpeg", "jpeg"), ("webp", "webp"), ("gif", "png"), ("avif", "webp")],
)
def test_a_picture_is_written_anew(kind, becomes):
    image = rendered(file(kind=kind))

    assert (image.content_type, image.width, image.height) == (f"image/{becomes}", 60, 40)
    assert opened(image).format == becomes.upper()
    assert near(opened(image).convert("RGB").getpixel((5, 20)), RED)
    assert near(opened(image).convert("RGB").getpixel((55, 20)), BLUE)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_it_is_turned_upright_and_nothing_of_the_camera_is_left(kind):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "CAMERA-OF-SOMEBODY"
    exif.get_ifd(0x8825)[1] = "N"
    options: dict[str, Any] = {"exif": exif.tobytes(), "xmp": b"<x:PLACE-OF-SOMEBODY/>"}
    if kind == "jpeg":
        options["comment"] = b"WORDS-OF-SOMEBODY"
    if kind == "png":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", "WORDS-OF-SOMEBODY")

    image = rendered(file(kind=kind, **options) + b"<script>behind the end of SOMEBODY</script>")

    assert (image.width, image.height) == (40, 60)
    assert near(opened(image).convert("RGB").getpixel((20, 5)), RED)
    assert b"SOMEBODY" not in image.content
    assert not opened(image).getexif()


def test_a_large_one_is_scaled_into_the_box_and_a_small_one_left():
    large, small = file((300, 150), "jpeg"), file((30, 20))

    assert (lambda it: (it.width, it.height))(rendered(large, fit=(100, 100))) == (100, 50)
    assert (lambda it: (it.width, it.height))(rendered(small, fit=(100, 100))) == (30, 20)


@pytest.mark.parametrize(("size", "expected"), [((300, 150), (80, 80)), ((40, 90), (40, 40))])
def test_it_is_cut_to_the_shape_where_that_is_asked(size, expected):
    image = rendered(file(size), fit=(80, 80), crop=True)

    assert (image.width, image.height) == expected


def test_what_is_clear_stays_clear_and_is_white_in_a_jpeg():
    kept = BytesIO()
    PIL.Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(kept, "png")

    assert opened(rendered(kept.getvalue())).getpixel((3, 3))[3] == 0
    assert near(opened(rendered(kept.getvalue(), output="jpeg")).getpixel((3, 3)), (255, 255, 255))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_other_kinds_of_pixels_are_taken_too(mode):
    kind = "jpeg" if mode == "CMYK" else "png"
    kept = BytesIO()
    PIL.Image.new(mode, (8, 8)).save(kept, kind)

    assert rendered(kept.getvalue()).width == 8


def test_grey_in_sixteen_bits_stays_as_dark_as_it_is():
    kept = BytesIO()
    grey = PIL.Image.new("I;16", (8, 8))
    grey.putdata([100 * 256] * 64)
    grey.save(kept, "png")

    assert near(opened(rendered(kept.getvalue())).getpixel((3, 3)), (100, 100, 100))


@pytest.mark.parametrize("profile", [b"not a profile", None])
def test_a_profile_of_colours_is_applied_and_a_broken_one_left_out(profile):
    given = profile or ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    image = rendered(file(icc_profile=given))

    assert "icc_profile" not in opened(image).info
    assert near(opened(image).getpixel((5, 20)), RED)


def chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def png_of(width: int, height: int, data: bytes, *more: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    end = chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + end


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a=1;alert(1)//",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0" + bytes(50),
        b"RIFF\x10\0\0\0WEBPVP8 " + bytes(20),
        file()[:-30],
        file(kind="jpeg")[:200],
        png_of(50_000, 50_000, bytes(1_000)),
        png_of(200_000, 1, bytes(1_000)),
        png_of(9_000, 9_000, bytes(30_000_000)),
        png_of(4, 4, bytes(52), chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(90_000_000)))),
        file(kind="jpeg").replace(
            b"\xff\xc0\0\x11\x08\0\x28\0\x3c", b"\xff\xc0\0\x11\x08\xff\xff\xff\xff"
        ),
    ],
    ids=range(13),
)
def test_what_is_no_whole_picture_of_some_size_is_a_422(content):
    with pytest.raises(NotAnImage) as caught:
        rendered(content)

    assert caught.value.status == 422
    assert caught.value.detail


@pytest.mark.parametrize("side", [9_000, 50_000])
def test_a_picture_that_is_too_large_is_told_so(side):
    with pytest.raises(NotAnImage, match="pixels; 50000000 are taken"):
        rendered(png_of(side, side, bytes(1_000)))


def test_of_a_picture_that_moves_the_first_frame_is_kept():
    frames = [PIL.Image.new("L", (2, 2), shade) for shade in (0, 255)] * 500
    kept = BytesIO()
    frames[0].save(kept, "gif", save_all=True, append_images=frames[1:])

    image = rendered(kept.getvalue())

    assert getattr(opened(image), "n_frames", 1) == 1


def test_only_formats_that_are_asked_for_are_taken():
    with pytest.raises(NotAnImage, match="JPEG"):
        rendered(file(), formats=("jpeg",))


def test_too_many_bytes_are_a_413():
    with pytest.raises(ContentTooLarge):
        rendered(file(), max_size=50)


@given(
    st.binary(max_size=300), st.integers(0, 400), st.sampled_from(["png", "jpeg", "gif", "webp"])
)
def test_a_damaged_picture_is_a_picture_or_refused(noise, place, kind):
    whole = file((30, 20), kind)
    content = whole[:place] + noise + whole[place + len(noise) :]

    with suppress(NotAnImage):
        assert rendered(content).width <= 2048


def test_without_pillow_it_is_said_what_to_install():
    code = """
import asyncio
from gambrel import GambrelError
from gambrel.files import render_image
try:
    asyncio.run(render_image(b"\\x89PNG\\r\\n\\x1a\\n"))
except GambrelError as error:
    print(error.code, error.hint)
"""

    assert "files.not-installed pip install 'gambrel[images]'" in run_without({"PIL"}, code)
