"""What stands between the wire and moto: whose account it is, and whether AWS would take it."""

import functools
import json
import re
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader, create_loader
from botocore.model import OperationModel, OperationNotFoundError, ServiceModel
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import get_account_id_from
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from assent.sandbox.aws.limits import violations
from assent.sandbox.faults import aws_error
from assent.sandbox.wire import Respond, run, status_line

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Front", "Moto", "access_key", "service_models"]

_CREDENTIAL = re.compile(r"Credential=([A-Za-z0-9]+)/\d+/[a-z0-9-]+/([a-z0-9-]+)/")
_KEY = re.compile(r"AKIA0000(\d{12})")
_CHECKED = ("events", "sagemaker", "sqs", "ssm")
"""The services in use that speak JSON; S3, SNS and STS are checked on the client's side alone."""


def access_key(account: str) -> str:
    """Make up the access key under which the sandbox knows this account."""
    return f"AKIA0000{account}"


class Moto(DomainDispatcherApplication):
    """moto's server, which chooses the service's application by the request's signature."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)

    # moto lists its own package's directory for each request, a third of the time it takes.
    @functools.cache  # noqa: B019  # one instance for each sandbox, and few host names
    def get_backend_for_host(self, host: str | None) -> Any:  # noqa: ANN401  # as moto declares it
        """Find the service that a host name stands for."""
        return super().get_backend_for_host(host)


class Front:
    """Routes calls to accounts, refuses what the services refuse, and lets in one at a time.

    moto's backends are dictionaries without locks: two registrations at once get one version
    number, two ``PutParameter`` without overwrite both succeed. A call takes about two
    milliseconds of computing, so that taking turns costs nothing that the interpreter's own lock
    would not.
    """

    def __init__(self, app: "WSGIApplication", *, account: str) -> None:
        self._app = app
        self._account = account
        self.lock = threading.RLock()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one call."""
        credential = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        key, service = credential.groups() if credential else ("", "")
        refusal = self._refusal(service, environ)
        if refusal is None:
            with self.lock:
                environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account_of(key)
                answer = run(self._app, environ)
        else:
            answer = refusal
        start_response(status_line(answer.status), list(answer.headers))
        return [answer.body]

    def _account_of(self, key: str) -> str:
        known = _KEY.fullmatch(key)
        if known:
            return known[1]
        # An assumed role's key, which moto issued; or one that nobody did.
        account: str = get_account_id_from(key)
        return self._account if account == DEFAULT_ACCOUNT_ID else account

    def _refusal(self, service: str, environ: "WSGIEnvironment") -> Respond | None:
        target: str = environ.get("HTTP_X_AMZ_TARGET", "")
        if service not in _CHECKED or not target:
            return None
        operation = _operation(service, target.rpartition(".")[2])
        if operation is None or operation.input_shape is None:
            return None
        stream: Any = environ["wsgi.input"]
        body = stream.read()
        stream.seek(0)
        try:
            document = json.loads(body)
        except ValueError:
            return aws_error("SerializationException", "the body is not JSON")
        found = list(violations(operation.input_shape, document))
        if not found:
            return None
        plural = "s" if len(found) > 1 else ""
        listed = "; ".join(str(violation) for violation in found)
        return aws_error(
            "ValidationException", f"{len(found)} validation error{plural} detected: {listed}"
        )


@functools.cache
def service_models() -> Loader:
    """Share one reader of botocore's service models: SageMaker's takes a tenth of a second."""
    return create_loader()


@functools.cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(service_models().load_service_model(service, "service-2"), service)


@functools.cache
def _operation(service: str, name: str) -> OperationModel | None:
    try:
        return _model(service).operation_model(name)
    except OperationNotFoundError:
        return None
