"""What a server's answer means where it is not the file that was asked for."""

from typing import TYPE_CHECKING, NoReturn

from coursekit.datasets.kinds import looks_like_html
from coursekit.errors import DataError

if TYPE_CHECKING:  # requests takes a while to import
    from requests import Response


class Interrupted(Exception):
    """The connection broke or stalled: worth another try."""


def refuse(response: "Response") -> NoReturn:
    """Raise Interrupted where another try may help, else DataError with what the status means."""
    status, url = response.status_code, response.url
    if status == 429 or status >= 500:
        raise Interrupted(f"answered {status} {response.reason}")
    why = {
        401: " (it needs a login)",
        403: " (it needs a permission)",
        404: " (the address is dead)",
        410: " (the address is dead)",
    }
    raise DataError(f"{url} answered {status} {response.reason}{why.get(status, '')}.")


def check_html(url: str, head: bytes) -> None:
    """DataError when a web page comes in place of data: a login page, a portal of the network, a
    moved site."""
    if looks_like_html(head):
        raise DataError(
            f"{url} answered with a web page instead of data (a login page or a network portal?): "
            "open it in a browser to see."
        )


def reason(error: Exception) -> str:
    """In a few words, why a connection broke."""
    text = str(error).lower()
    if "timed out" in text or "timeout" in text:
        return "stalled: no answer in time"
    if "resol" in text or "not known" in text:
        return "cannot be found (is this machine online?)"
    return "broke off" if "incomplete" in text else "cannot be reached, or broke off"
