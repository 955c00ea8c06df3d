"""What every answer carries, and the check that an action comes from our own pages (V3.4, V3.5).

The headers are set once, here: no view adds or removes one.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from service.errors import ServiceError
from service.web.context import SAFE_METHODS
from service.web.sessions import STATIC_ENDPOINTS

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",  # Bootstrap draws the arrow of its select as a data: image
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not "no-referrer": browsers would then send « Origin: null » with our own forms
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def install(app: Flask, *, https: bool) -> None:
    @app.before_request
    def refuse_foreign_origin() -> None:
        if request.method in SAFE_METHODS:
            return
        origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
        if urlsplit(origin).netloc != request.host:
            raise ServiceError(
                "foreign_origin",
                "Cette action ne vient pas d’une page de Séquence\u00a0: elle n’a pas été exécutée. "
                "Rouvrez la page et recommencez.",
            )

    @app.after_request
    def set_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if https:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.endpoint not in STATIC_ENDPOINTS:
            response.headers["Cache-Control"] = "no-store"
        return response
