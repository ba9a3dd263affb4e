"""A token that is replaced before it ends."""

import threading
import time
from typing import NamedTuple, Optional

# Seconds. A token is replaced so long before its end, or when a quarter of its time is left, whichever is later.
AHEAD = 300
# Seconds between attempts to replace a token that is still valid.
PATIENCE = 10


class _Held(NamedTuple):
    """A token, and when it is replaced and ends, in seconds since 1970."""

    token: Optional[str]
    renew_at: float
    ends_at: float


_NONE = _Held(None, 0.0, 0.0)


class RenewedToken:
    """The token of a credential for one scope, for all threads.

    ``credential`` is one of azure-identity's, or anything with their ``get_token``; ``clock`` counts seconds since 1970.
    """

    def __init__(self, credential, scope, clock=time.time):
        self._credential = credential
        self._scope = scope
        self._clock = clock
        self._lock = threading.Lock()
        self._held = _NONE

    def read(self):
        """A valid token. Raises the credential's error if there is none."""
        held, now = self._held, self._clock()
        if now < held.renew_at:
            return held.token
        # While one thread replaces a token that is still valid, the others use it.
        if not self._lock.acquire(blocking=now >= held.ends_at):
            return held.token
        try:
            if self._clock() >= self._held.renew_at:
                self._renew()
            return self._held.token
        finally:
            self._lock.release()

    def drop(self, token):
        """Replaces a token that was refused before the next request."""
        with self._lock:
            if token == self._held.token:
                self._held = _NONE

    def _renew(self):
        now, held = self._clock(), self._held
        try:
            token, ends_at = self._credential.get_token(self._scope)[:2]
        except Exception:
            if now >= held.ends_at:
                raise
            self._held = held._replace(renew_at=min(now + PATIENCE, held.ends_at))
            return
        self._held = _Held(token, ends_at - min(AHEAD, (ends_at - now) / 4), ends_at)
