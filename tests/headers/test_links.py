import pytest

from gambrel.headers import link


def test_a_link_has_a_target_and_a_relation() -> None:
    assert link("/a?page=2", "next") == '</a?page=2>; rel="next"'
    assert link("/s.css", "preload", as_="style", title="a b") == (
        '</s.css>; rel="preload"; as=style; title="a b"'
    )


@pytest.mark.parametrize("target", ["/a>b", "/a b", "/é", "/a\r\nb", '/"'])
def test_a_link_cannot_be_broken_out_of(target: str) -> None:
    with pytest.raises(ValueError, match="quote it"):
        link(target, "next")
    with pytest.raises(ValueError, match="carry"):
        link("/a", "next\r\n")
