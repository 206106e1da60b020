"""The request of somebody who is signed in."""

from ..web.htmx import HtmxHttpRequest
from .models import User


class SignedInRequest(HtmxHttpRequest):
    """A request that came through `SignInRequiredMiddleware`: every view that is not `login_not_required` gets one."""

    user: User
