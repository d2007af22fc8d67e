from types import SimpleNamespace

from gambrel.middleware.headers.extension import SecurityHeaders, check_weakened, nonce_of
from gambrel.testing import make_request

POLICY = "default-src 'self'; script-src 'self'"


def test_a_nonce_opens_the_policy_of_the_page_it_is_for():
    request = make_request()

    nonce = nonce_of(POLICY, request)

    assert f"'nonce-{nonce}'" in request.draft.headers["content-security-policy"]
    assert nonce_of(POLICY, make_request()) != nonce


def test_what_says_less_than_the_default_is_told():
    def weakened(headers):
        app = SimpleNamespace(settings=SimpleNamespace(security_headers=headers))
        return [problem.message for problem in check_weakened(app)]

    assert weakened(SecurityHeaders()) == []
    assert weakened(SecurityHeaders(frame_options="")) == ["security headers: frame_options is off"]


def test_its_fields_are_its_settings():
    extension = SecurityHeaders(hsts=0)

    assert extension.settings is extension
