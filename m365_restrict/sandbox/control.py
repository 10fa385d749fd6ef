"""The control API: what a test, or a person trying the product, does to the tenant (contracts.md 2)."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_restrict.sandbox.clock import format_instant, parse_instant
from m365_restrict.sandbox.faults import BadFault, read_faults
from m365_restrict.sandbox.graph.answer import GraphCall, GraphFailure, Principal, error_body
from m365_restrict.sandbox.graph.dispatch import handle
from m365_restrict.sandbox.graph.drives import FILES
from m365_restrict.sandbox.graph.send_mail import SENT
from m365_restrict.sandbox.list_fields import BadField
from m365_restrict.sandbox.lists import etag
from m365_restrict.sandbox.planting import administrator
from m365_restrict.sandbox.seed import BadSeed, read_seed
from m365_restrict.sandbox.services import Services
from m365_restrict.sandbox.store import Json
from m365_restrict.sandbox.tenant import UnknownPerson

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class BadControlCall(Exception):
    """A control call that cannot be carried out, with its HTTP status."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        """Keep the status beside the sentence."""
        super().__init__(message)
        self.status = status


class Control:
    """Answers everything below `/sandbox`. No token: the listeners are on loopback only."""

    def __init__(self, services: Services) -> None:
        """Hold what all endpoints share."""
        self._services = services

    def routes(self) -> list[Route]:
        """Where these are served."""
        table: list[tuple[str, str, Endpoint]] = [
            ("POST", "/sandbox/seed", self.seed),
            ("GET", "/sandbox/clock", self.read_clock),
            ("POST", "/sandbox/clock", self.set_clock),
            ("POST", "/sandbox/faults", self.add_faults),
            ("DELETE", "/sandbox/faults", self.clear_faults),
            ("POST", "/sandbox/cmdlet", self.cmdlet),
            ("POST", "/sandbox/revoke", self.revoke),
            ("POST", "/sandbox/holder/{upn}", self.holder),
            ("POST", "/sandbox/list/{title}", self.add_item),
            ("POST", "/sandbox/list/{title}/{item}", self.edit_item),
            ("DELETE", "/sandbox/list/{title}/{item}", self.delete_item),
            ("POST", "/sandbox/mail", self.mail),
            ("GET", "/sandbox/mailboxes/{upn}", self.mailbox),
            ("GET", "/sandbox/traces", self.traces),
            ("GET", "/sandbox/sent", self.sent),
            ("GET", "/sandbox/library", self.library),
            ("GET", "/sandbox/requests", self.requests),
            ("GET", "/sandbox/ports", self.ports),
        ]
        return [
            Route(
                path, _plainly(endpoint if method == "GET" else self._remembered(endpoint)), methods=[method]
            )
            for method, path, endpoint in table
        ]

    def _remembered(self, endpoint: Endpoint) -> Endpoint:
        """Keep how things were before, for reads that a fault makes stale."""

        async def answer(request: Request) -> Response:
            self._services.past.remember()
            return await endpoint(request)

        return answer

    async def seed(self, request: Request) -> Response:
        """Replace the tenant; credentials, CA and ports stay."""
        self._services.plant(read_seed(await _body(request)))
        return JSONResponse({"tenant": self._services.tenant.document["id"]})

    async def read_clock(self, _request: Request) -> Response:
        """The tenant's time."""
        return JSONResponse({"now": format_instant(self._services.tenant.clock.now())})

    async def set_clock(self, request: Request) -> Response:
        """Freeze the tenant's time."""
        wanted = (await _object(request)).get("now")
        try:
            self._services.tenant.clock.set(parse_instant(str(wanted)))
        except ValueError as error:
            raise BadControlCall(f"The clock cannot be set to {wanted!r}: {error}.") from error
        return await self.read_clock(request)

    async def add_faults(self, request: Request) -> Response:
        """Inject faults."""
        faults = read_faults(await _body(request))
        self._services.faults.add(faults)
        return JSONResponse({"injected": len(faults)})

    async def clear_faults(self, _request: Request) -> Response:
        """Forget the faults that still wait."""
        self._services.faults.clear()
        return JSONResponse({"injected": 0})

    async def cmdlet(self, request: Request) -> Response:
        """An administrator in Exchange."""
        body = await _object(request)
        caller = administrator(self._services.tenant, _text(body, "by"))
        parameters = body.get("parameters") or {}
        if not isinstance(parameters, dict):
            raise BadControlCall("The parameters are not a JSON object.")
        answer = self._services.tenant.exchange.invoke(_text(body, "cmdlet"), parameters, caller)
        return Response(answer.body, answer.status, dict(answer.headers))

    async def revoke(self, request: Request) -> Response:
        """End the tokens of `{"application": "reader|writer|setup"}`: the services challenge for new ones."""
        application = self._services.authority.applications.get(_text(await _object(request), "application"))
        if application is None:
            raise BadControlCall("The application is none of reader, writer and setup.")
        self._services.authority.revoke(application.client_id)
        return JSONResponse({"revoked": application.client_id})

    async def holder(self, request: Request) -> Response:
        """A mailbox owner in Outlook: `path` is Graph's, from `/me`, `/users/{upn}` or the mailbox itself."""
        body = await _object(request)
        tenant = self._services.tenant
        user = tenant.directory.find(request.path_params["upn"])
        if user is None:
            raise BadControlCall(f"{request.path_params['upn']!r} is not one of the users.", status=404)
        owner = Principal("", user["display_name"], frozenset(), mailbox=user["id"])
        path, _, query = _text(body, "path").partition("?")
        call = GraphCall(
            tenant=tenant,
            method=_text(body, "method").upper(),
            url=f"{request.base_url}v1.0/{_holder_path(path, user['id'])}",
            params={},
            query=dict(parse_qsl(query)),
            headers={},
            body=body.get("body"),
            principal=owner,
        )
        try:
            answer = handle(call, _holder_path(path, user["id"]))
        except GraphFailure as error:
            return JSONResponse(error_body(error.code, error.message, clock=tenant.clock), error.status)
        return Response(status_code=204) if answer.body is None else JSONResponse(answer.body, answer.status)

    async def add_item(self, request: Request) -> Response:
        """An officer adds an item."""
        document = self._list(request)
        saver, fields = await self._edit(request, document)
        item_id = self._services.tenant.lists.add(document, saver, fields)
        return self._item_answer(document, item_id, 201)

    async def edit_item(self, request: Request) -> Response:
        """An officer edits an item: a new version.

        `actor` names who really did it where `by` is what the item is made to say, and `new_version` false
        changes it without one, as an application can (graph.md 11). The audit log names the actor.
        """
        document = self._list(request)
        saver, fields = await self._edit(request, document)
        body = await _object(request)
        actor = self._services.tenant.saver(body["actor"]) if body.get("actor") else saver
        lists, item = self._services.tenant.lists, request.path_params["item"]
        if body.get("new_version", True) is False:
            done = lists.rewrite(document, item, actor, fields)
        else:
            done = lists.edit(document, item, {**saver, "really": actor}, fields)
        if not done:
            raise _no_item(document, request)
        return self._item_answer(document, request.path_params["item"], 200)

    async def delete_item(self, request: Request) -> Response:
        """An officer deletes an item."""
        document = self._list(request)
        self._services.tenant.saver(request.query_params.get("by", ""))
        if not self._services.tenant.lists.delete(document, request.path_params["item"]):
            raise _no_item(document, request)
        return Response(status_code=204)

    async def mail(self, request: Request) -> Response:
        """Deliver a message."""
        body = await _object(request)
        recipients = body.get("recipients")
        if not isinstance(recipients, list) or not all(isinstance(entry, str) for entry in recipients):
            raise BadControlCall("The recipients are not a list of addresses.")
        raw = _text(body, "raw").encode("utf-8", errors="replace")
        sender = body.get("envelope_from") or ""
        return JSONResponse(self._services.tenant.delivery.deliver(raw, str(sender), recipients))

    async def mailbox(self, request: Request) -> Response:
        """What a mailbox holds."""
        shown = self._services.tenant.delivery.mailbox(request.path_params["upn"])
        if shown is None:
            raise BadControlCall(f"{request.path_params['upn']!r} has no mailbox here.", status=404)
        return JSONResponse(shown)

    async def traces(self, _request: Request) -> Response:
        """Every message that came in, with where its copies went: SMTP itself cannot answer that."""
        return JSONResponse({"traces": self._services.tenant.delivery.traces()})

    async def sent(self, _request: Request) -> Response:
        """Every mail that went out through `sendMail`, with its words, oldest first."""
        return JSONResponse({"sent": [mail for _, mail in self._services.tenant.store.all(SENT)]})

    async def library(self, _request: Request) -> Response:
        """Every file in the document libraries; `content` is Base64."""
        return JSONResponse({"files": [file for _, file in self._services.tenant.store.all(FILES)]})

    async def requests(self, _request: Request) -> Response:
        """The Graph and Exchange requests since the last call."""
        return JSONResponse(self._services.log.take())

    async def ports(self, _request: Request) -> Response:
        """The ports in use."""
        ports = self._services.ports()
        return JSONResponse({"https": ports.https, "http": ports.http, "smtp": ports.smtp})

    def _list(self, request: Request) -> dict[str, Any]:
        document = self._services.tenant.lists.find(request.path_params["title"])
        if document is None:
            raise BadControlCall(f"There is no list {request.path_params['title']!r}.", status=404)
        return document

    async def _edit(self, request: Request, document: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        body = await _object(request)
        fields = body.get("fields")
        if not isinstance(fields, dict):
            raise BadControlCall("The fields are not a JSON object.")
        tenant = self._services.tenant
        return tenant.saver(_text(body, "by")), tenant.lists.check_fields(document, fields)

    def _item_answer(self, document: dict[str, Any], item_id: str, status: int) -> Response:
        item = self._services.tenant.lists.item(document, item_id) or {}
        last = item["versions"][-1]
        shown = {"id": item_id, "version": last["number"], "etag": etag(item), "fields": last["fields"]}
        return JSONResponse(shown, status)


def _plainly(endpoint: Endpoint) -> Endpoint:
    """Turn what can be wrong with a control call into a plain sentence."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except BadControlCall as error:
            return _sentence(str(error), error.status)
        except (BadSeed, BadFault, BadField, UnknownPerson) as error:
            return _sentence(str(error), 400)

    return answer


def _sentence(message: str, status: int) -> Response:
    return JSONResponse({"error": {"message": message}}, status)


async def _body(request: Request) -> Json:
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise BadControlCall(f"The body is not JSON: {error}.") from error


async def _object(request: Request) -> dict[str, Any]:
    body = await _body(request)
    if not isinstance(body, dict):
        raise BadControlCall("The body is not a JSON object.")
    return body


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise BadControlCall(f"The body needs the text {key!r}.")
    return value


def _no_item(document: dict[str, Any], request: Request) -> BadControlCall:
    return BadControlCall(f"{document['title']!r} has no item {request.path_params['item']}.", status=404)


def _holder_path(path: str, user_id: str) -> str:
    inner = path.strip("/").removeprefix("v1.0/").strip("/")
    if inner.lower().startswith("users/"):
        return inner
    return f"users/{user_id}/{inner.removeprefix('me/')}"
