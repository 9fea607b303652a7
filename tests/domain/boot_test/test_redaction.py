"""Text that looks like a secret is not in what people are shown, however the text was cut."""

import pytest

from domain.boot_test.redaction import (
    LOG_BYTES,
    OUTPUT_BYTES,
    REMOVED,
    shown,
    tail,
    without_secrets,
)

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"a\n{KEY}\nb", f"a\n{REMOVED}\nb"),
        ("a\n-----BEGIN PRIVATE KEY-----\nMIIE", f"a\n{REMOVED}"),
        ("MIIE\n-----END PRIVATE KEY-----\nb", f"{REMOVED}\nb"),
        (f"x {JWT} y", f"x {REMOVED} y"),
        ("Authorization: Bearer abcdefgh y", f"Authorization: Bearer {REMOVED} y"),
        ("got bearer abcdefghijk", f"got bearer {REMOVED}"),
        ("https://x/y?se=1&sig=a%2Fb&sp=r", f"https://x/y?se=1&sig={REMOVED}&sp=r"),
        ("password=hunter2 next", f"password={REMOVED} next"),
        ("ADMIN_PASSWORD: hunter2", f"ADMIN_PASSWORD: {REMOVED}"),
        ("my-api-key = 'a b c' x", f"my-api-key = {REMOVED} x"),
        ('{"clientSecret": "a b", "n": 1}', f'{{"clientSecret": {REMOVED}, "n": 1}}'),
        ("AccountKey=abc==;End=x", f"AccountKey={REMOVED};End=x"),
        ("git clone https://me:pw@host/x", f"git clone https://me:{REMOVED}@host/x"),
        ("a\x1b[31mred\x1b[0m\x00b\r\nc", "aredb\nc"),
        ("pass\x1b[0mword=hunter2", f"password={REMOVED}"),
    ],
)
def test_it_is_removed(text: str, clean: str) -> None:
    """By its form, and what stands around it stays."""
    assert without_secrets(text) == clean


@pytest.mark.parametrize(
    "text", ["[    1.2] EXT4-fs (sda1): mounted", "login: ", "tokenizer ready", "a\tb\nc", ""]
)
def test_other_text_stays(text: str) -> None:
    """A log is read because of what it says."""
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    "part", ["x", "eyJ", "password", "Bearer ", " ", "://a", "a:", "-----BEGIN "]
)
def test_a_long_line_takes_no_long_time(part: str) -> None:
    """A machine's log may be anything: no pattern looks at a text over and over."""
    long = part * (128 * 1024 // len(part))
    assert len(without_secrets(long)) <= len(long)


def test_a_tail_has_so_many_bytes() -> None:
    """All of a text that fits, else its end; half a character is none."""
    assert tail("abc", 3) == "abc"
    assert tail("abcd", 3) == "bcd"
    assert tail("aéé", 3) == "é"
    assert tail("\ud800", 1) == "?"


def test_secrets_go_before_the_text_is_cut() -> None:
    """Else the end of one would be left, without what tells that it is one."""
    assert shown("password=" + "x" * 50, 20) == f"password={REMOVED}"[-20:]
    assert (LOG_BYTES, OUTPUT_BYTES) == (65536, 4096)
