"""Output of machines for people: cut, and without what looks like a secret.

A machine's log and a script's output are read by more people than may sign in there. What is removed is removed by its
form; whoever writes a script answers for what else it prints (docs/boot-test.md).
"""

import re

LOG_BYTES = 64 * 1024
OUTPUT_BYTES = 4 * 1024
REMOVED = "[removed]"

# Each with what stays in front of the secret.
_SECRETS = (
    # Keys in PEM: to the end of the block, or of the text when the block was cut off.
    r"(?s)()-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
    # A block whose beginning was cut off.
    r"(?s)\A()(?:(?!-----BEGIN ).)*?-----END [A-Z0-9 ]*PRIVATE KEY-----",
    r"(?i)(\bauthorization\s*[:=]\s*(?:\w+\s+)?)[^\s\"',;]+",
    r"(?i)(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=\-]{8,}",
    # JSON Web Tokens.
    r"()\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]*",
    # Shared access signatures and whatever is called a secret.
    r"(?i)([?&;]sig=)[^&\s\"']+",
    (
        r"(?i)((?:password|passwd|pwd|secret|token|api[_\-]?key|access[_\-]?key|account[_\-]?key"
        r"|shared[_\-]?key|private[_\-]?key|connection[_\-]?string)[\w\-]{0,40}[\"']?\s{0,8}[=:]\s{0,8})"
        r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;}]+)"
    ),
    r"(://[^\s:/@]+:)[^\s:/@]+(?=@)",
)
# Of terminals; they would also hide a secret's form.
_CONTROL = r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]"


def without_secrets(text: str) -> str:
    """The text without control characters and without what looks like a secret."""
    clean = re.sub(_CONTROL, "", text.replace("\r\n", "\n"))
    for pattern in _SECRETS:
        clean = re.sub(pattern, rf"\g<1>{REMOVED}", clean)
    return clean


def tail(text: str, most: int) -> str:
    """The end of a text, at most so many bytes in UTF-8; a character that is cut through goes."""
    return text.encode(errors="replace")[-most:].decode(errors="ignore")


def shown(text: str, most: int) -> str:
    """The end of a text as it is kept: secrets are removed first, so that none is cut in two, and its form lost."""
    return tail(without_secrets(text), most)
