"""OpenAPI and AsyncAPI documents, made from the models that the server uses. Nothing is described twice."""

from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from coach import __version__
from coach.analyze import Analysis, Conversation
from coach.http.api import EventsQuery, ListQuery
from coach.http.models import CallNote, Figures, FiguresQuery, HistoryPage, HistoryQuery, NewNote
from coach.wire import client, server
from coach.wire.codes import CloseCode


def openapi() -> dict[str, Any]:
    """OpenAPI 3.1 of the HTTP side."""
    models: list[type[BaseModel]] = [Conversation, Analysis, HistoryPage, Figures, NewNote, CallNote]
    schemas = _schemas(models, "#/components/schemas/")
    session = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    note = {"name": "note", "in": "path", "required": True, "schema": {"type": "integer"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Coach",
            "version": __version__,
            "description": "Live sales coaching. The sockets are in /docs/asyncapi.json.",
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{"bearer": []}],
        "paths": {
            "/health": {
                "get": _operation("Last known state of database, Redis and models; no I/O", {200: "State"}, open_=True)
            },
            "/ready": {
                "get": _operation("Whether new calls should come here", {200: "Yes", 503: "Draining"}, open_=True)
            },
            "/metrics": {"get": _operation("Prometheus figures", {200: "Figures"}, open_=True)},
            "/api/sessions": {
                "get": _operation("The team's calls, newest first", {200: "Calls"}, parameters=_parameters(ListQuery))
            },
            "/api/sessions/{id}": {
                "get": _operation(
                    "One call with its whole state", {200: "The call", 404: "No such call"}, parameters=[session]
                ),
                "delete": _operation(
                    "Erase everything of a call",
                    {204: "Erased", 202: "Erased; the disk follows when a reader lets it", 404: "No such call"},
                    parameters=[session],
                ),
            },
            "/api/sessions/{id}/events": {
                "get": _operation(
                    "Its durable events, as on the wire",
                    {200: "Events", 404: "No such call"},
                    parameters=[session, *_parameters(EventsQuery)],
                )
            },
            "/api/sessions/{id}/metrics": {
                "get": _operation(
                    "Its figures as they went, oldest first",
                    {200: "Figures", 404: "No such call"},
                    parameters=[session],
                )
            },
            "/api/sessions/{id}/notes": {
                "get": _operation(
                    "What managers noted on it", {200: "Notes", 404: "No such call"}, parameters=[session]
                ),
                "post": {
                    **_operation(
                        "Note something on it",
                        {201: "The note", 404: "No such call", 409: "Too many notes", 422: "Wrong body"},
                        parameters=[session],
                        answer=(201, "CallNote"),
                    ),
                    "requestBody": {"required": True, "content": _content("NewNote")},
                },
            },
            "/api/sessions/{id}/notes/{note}": {
                "delete": _operation("Take a note away", {204: "Gone", 404: "No such note"}, parameters=[session, note])
            },
            "/api/history": {
                "get": _operation(
                    "Finished calls, newest first: searched, filtered, in pages",
                    {200: "Calls", 422: "Wrong query"},
                    parameters=_parameters(HistoryQuery),
                    answer=(200, "HistoryPage"),
                )
            },
            "/api/figures": {
                "get": _operation(
                    "Finished calls in figures: by seller, by objection, over time",
                    {200: "Figures", 422: "Wrong query"},
                    parameters=_parameters(FiguresQuery),
                    answer=(200, "Figures"),
                )
            },
            "/api/analyze": {
                "post": {
                    **_operation(
                        "The findings of a text or a conversation, the same as live",
                        {200: "Findings", 422: "Wrong body"},
                    ),
                    "requestBody": {"required": True, "content": _content("Conversation")},
                }
            },
        },
    }


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0 of the sockets."""
    frames = {"ws": _members(client.ConversationFrame), "watch": _members(client.WatcherFrame)}
    events = _members(server.ServerEvent)
    models = list(dict.fromkeys([*frames["ws"], *frames["watch"], *events]))
    messages = {
        model.__name__: {
            "name": _type_of(model),
            "title": (model.__doc__ or "").strip().split("\n")[0],
            "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
        }
        for model in models
    }

    def channel(name: str, address: str, members: list[type[BaseModel]]) -> dict[str, Any]:
        parameters = {"session_id": {"description": "1–64 of A–Z a–z 0–9 _ -"}} if "{" in address else {}
        return {
            "address": address,
            "parameters": parameters,
            "messages": {m.__name__: {"$ref": f"#/components/messages/{m.__name__}"} for m in [*members, *events]},
            "description": name,
        }

    def operation(action: str, where: str, members: list[type[BaseModel]]) -> dict[str, Any]:
        return {
            "action": action,
            "channel": {"$ref": f"#/channels/{where}"},
            "messages": [{"$ref": f"#/channels/{where}/messages/{m.__name__}"} for m in members],
        }

    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Coach, wire coach.v1",
            "version": __version__,
            "description": "Close codes: " + ", ".join(f"{int(code)} {code.name.lower()}" for code in CloseCode),
        },
        "defaultContentType": "application/json",
        "channels": {
            "ws": channel("One sales conversation", "/ws/{session_id}", frames["ws"]),
            "watch": channel("Dashboards", "/watch", frames["watch"]),
        },
        "operations": {
            f"{action}_{where}": operation(action, where, members)
            for where in ("ws", "watch")
            for action, members in (("receive", frames[where]), ("send", events))
        },
        "components": {"messages": messages, "schemas": _schemas(models, "#/components/schemas/")},
    }


def _members(union: Any) -> list[type[BaseModel]]:
    return list(get_args(get_args(union)[0]))


def _type_of(model: type[BaseModel]) -> str:
    return str(get_args(model.model_fields["type"].annotation)[0])


def _schemas(models: list[type[BaseModel]], prefix: str) -> dict[str, Any]:
    _, made = models_json_schema([(model, "validation") for model in models], ref_template=prefix + "{model}")
    return dict(made["$defs"])


def _content(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema()["properties"]
    return [{"name": name, "in": "query", "schema": entry} for name, entry in schema.items()]


def _operation(
    summary: str,
    responses: dict[int, str],
    *,
    parameters: list[dict[str, Any]] | None = None,
    answer: tuple[int, str] | None = None,
    open_: bool = False,
) -> dict[str, Any]:
    """`answer`: the status and the model of the body that comes with it."""
    codes = responses if open_ else {**responses, 401: "No valid token", 503: "The database is away"}
    return {
        "summary": summary,
        **({"parameters": parameters} if parameters else {}),
        **({"security": []} if open_ else {}),
        "responses": {
            str(code): {
                "description": text,
                **({"content": _content(answer[1])} if answer and answer[0] == code else {}),
            }
            for code, text in sorted(codes.items())
        },
    }
