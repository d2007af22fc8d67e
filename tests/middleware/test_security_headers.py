import pytest

from gambrel.middleware.security_headers import HeaderPolicy, add_nonce, make_nonce


def fields(policy: HeaderPolicy, kind: str) -> dict[str, str]:
    return {name: value for name, value, on in policy.fields() if on == kind}


def test_every_response_gets_the_safe_values():
    assert fields(HeaderPolicy(), "all") == {
        "x-content-type-options": "nosniff",
        "referrer-policy": "strict-origin-when-cross-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": fields(HeaderPolicy(), "all")["permissions-policy"],
        "x-frame-options": "DENY",
    }


def test_pages_may_load_their_own_scripts_and_data_nothing():
    pages = fields(HeaderPolicy(), "pages")["content-security-policy"]
    data = fields(HeaderPolicy(), "data")["content-security-policy"]

    assert "script-src 'self';" in pages
    assert "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'" in pages
    assert data == "default-src 'none'; frame-ancestors 'none'; sandbox"


def test_hsts_is_for_https_alone():
    assert fields(HeaderPolicy(), "https") == {
        "strict-transport-security": "max-age=31536000; includeSubDomains"
    }


def test_features_are_off_unless_somebody_is_named():
    policy = HeaderPolicy(features={"camera": ["self"], "fullscreen": []})

    value = fields(policy, "all")["permissions-policy"]

    assert "camera=(self)" in value
    assert "microphone=()" in value
    assert value.endswith("fullscreen=()")


def test_an_empty_value_leaves_a_header_out():
    policy = HeaderPolicy(frame_options="", hsts=0, page_policy="")

    names = [(name, kind) for name, _, kind in policy.fields()]

    assert ("x-frame-options", "all") not in names
    assert ("strict-transport-security", "https") not in names
    assert ("content-security-policy", "pages") not in names
    assert ("content-security-policy", "data") in names


def test_preloading_needs_what_the_list_of_browsers_demands():
    with pytest.raises(ValueError, match="preload demands"):
        list(HeaderPolicy(hsts=60, hsts_preload=True).fields())


def test_what_protects_less_than_the_default_is_told():
    policy = HeaderPolicy(hsts=0, page_policy="default-src 'self'; script-src 'unsafe-inline'")

    assert list(policy.weakened()) == [
        "page_policy allows 'unsafe-inline'",
        "hsts is off",
    ]
    assert list(HeaderPolicy().weakened()) == []


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("default-src *", ["* in default-src"]),
        ("default-src *; script-src 'self'", []),
        ("script-src 'self' https: data:", ["https: data: in script-src"]),
        ("script-src 'self'; script-src-elem *", ["* in script-src-elem"]),
        ("default-src 'self'; object-src BLOB:", ["BLOB: in object-src"]),
        ("img-src * data:; script-src 'self'", []),
        ("style-src 'self' 'Unsafe-Inline';", ["'Unsafe-Inline'"]),
    ],
)
def test_what_a_policy_lets_anybody_run_is_told(policy, told):
    assert list(HeaderPolicy(page_policy=policy).weakened()) == [
        f"page_policy allows {what}" for what in told
    ]


def test_a_policy_with_samples_in_its_reports_is_reported_as_any_other():
    policy = HeaderPolicy(page_policy="script-src 'self' 'report-sample'", reports="/csp")
    own = HeaderPolicy(page_policy="script-src 'self'; report-to mine", reports="/csp")

    assert policy.enforced.endswith("'report-sample'; report-uri /csp; report-to csp")
    assert own.enforced == "script-src 'self'; report-to mine"


def test_a_nonce_opens_what_goes_before_scripts_and_styles_too():
    policy = add_nonce("script-src 'self'; script-src-elem 'self'", "abc")

    assert policy == "script-src 'self' 'nonce-abc'; script-src-elem 'self' 'nonce-abc'"


def test_a_nonce_opens_scripts_and_styles():
    policy = add_nonce("default-src 'none'; script-src 'self'; img-src *", "abc")

    assert policy == (
        "default-src 'none'; script-src 'self' 'nonce-abc'; img-src *; style-src 'nonce-abc'"
    )


def test_nonces_differ_and_have_128_bits():
    first, second = make_nonce(), make_nonce()

    assert first != second
    assert len(first) == 22
