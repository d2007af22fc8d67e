import pytest

from gambrel.headers import hsts, permissions_policy


def test_hsts_is_a_year_with_subdomains() -> None:
    assert hsts() == "max-age=31536000; includeSubDomains"
    assert hsts(0, subdomains=False) == "max-age=0"
    assert hsts(preload=True) == "max-age=31536000; includeSubDomains; preload"


@pytest.mark.parametrize(
    "options",
    [{"max_age": -1}, {"max_age": 60, "preload": True}, {"subdomains": False, "preload": True}],
)
def test_hsts_keeps_the_rules_of_the_preload_list(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="max_age"):
        hsts(**options)  # type: ignore[arg-type]


def test_a_permissions_policy_names_who_may() -> None:
    policy = {"camera": (), "geolocation": ("self", "https://maps.example"), "fullscreen": ("*",)}

    assert permissions_policy(policy) == (
        'camera=(), geolocation=(self "https://maps.example"), fullscreen=*'
    )


@pytest.mark.parametrize(
    ("feature", "allowed"),
    [
        ("a b", ()),
        ("", ()),
        ("é", ()),
        ("camera", "self"),
        ("camera", ['https://a" b']),
        ("camera", ["https://a,b"]),
        ("camera", ["a\r\nb"]),
        ("camera=*, x", ()),
    ],
)
def test_a_permissions_policy_cannot_be_broken_out_of(feature: str, allowed: object) -> None:
    with pytest.raises(ValueError, match="origin"):
        permissions_policy({feature: allowed})  # type: ignore[dict-item]
