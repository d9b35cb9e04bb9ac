"""The endpoints under `/v1`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Path, Query, Request
from fastapi.openapi.models import Example
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import QueryParams

from projektor_ray.errors import InputError, nearest
from projektor_ray.service import answers
from projektor_ray.service.catalogue import Catalogue, ServedStudy
from projektor_ray.service.new_providers import (
    UPLOAD_CONTENT,
    NewProvider,
    Offered,
    PilotStore,
    examine,
)
from projektor_ray.service.plan_files import FILES, plan_file
from projektor_ray.service.problem_details import MEDIA_TYPE
from projektor_ray.service.request_bodies import (
    CompareBody,
    FrontierBody,
    PredictBody,
    ProjectBody,
    SelectBody,
    StrictRoute,
)
from projektor_ray.service.service_settings import ServiceSettings
from projektor_ray.service.table_content import ARROW, MOST_ROWS, bounded, table_response
from projektor_ray.service.worker_pool import WorkerPool

Examples = dict[str, Example]
Name = Annotated[str, Path(description="Name of the study.", max_length=200)]
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": says, "content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}
    for status, says in (
        (404, "There is no such study, table or format."),
        (413, "The request is too large."),
        (422, "The request cannot be used; `detail` explains it in the words of the command line."),
        (503, "Too many requests wait."),
        (504, "The answer took too long."),
    )
}


def api(
    catalogue: Catalogue,
    pool: WorkerPool,
    settings: ServiceSettings,
    pilots: Mapping[str, PilotStore],
) -> APIRouter:
    """The router of the endpoints over the studies of a catalogue.

    Parameters
    ----------
    pilots : of the studies that are served with them, by name.
    """
    router = APIRouter(
        prefix="/v1/studies", tags=["studies"], responses=PROBLEMS, route_class=StrictRoute
    )
    examples = _examples_of(catalogue[catalogue.names[0]])

    async def computed(name: str, answer: Callable[..., Any], body: Any) -> Response:
        served = catalogue[name]
        content = await pool.run(lambda deadline: answer(served, body, deadline))
        return bounded(JSONResponse(content), settings.max_response)

    def given(endpoint: str) -> Any:
        return Body(openapi_examples=examples[endpoint])

    @router.get("", summary="The studies that are served")
    async def studies() -> Response:
        every = [answers.summary(catalogue[name]) for name in catalogue.names]
        return JSONResponse({"studies": every})

    @router.get("/{name}", summary="A study's metric, providers and sizes")
    async def study(name: Name) -> Response:
        return JSONResponse(answers.description(catalogue[name]))

    @router.post("/{name}/predict", summary="Metric of mixtures at a size, with 90% intervals")
    async def predict(name: Name, body: Annotated[PredictBody, given("predict")]) -> Response:
        return await computed(name, answers.predict, body)

    @router.post("/{name}/project", summary="Metric of a mixture at several sizes")
    async def project(name: Name, body: Annotated[ProjectBody, given("project")]) -> Response:
        return await computed(name, answers.project, body)

    @router.post("/{name}/select", summary="The best plan, with baselines, warnings and advice")
    async def select(name: Name, body: Annotated[SelectBody, given("select")]) -> Response:
        return await computed(name, answers.select, body)

    @router.post("/{name}/frontier", summary="The best plan for each budget")
    async def frontier(name: Name, body: Annotated[FrontierBody, given("frontier")]) -> Response:
        return await computed(name, answers.frontier, body)

    @router.post("/{name}/compare", summary="Two purchases, and the interval of the difference")
    async def compare(name: Name, body: Annotated[CompareBody, given("compare")]) -> Response:
        return await computed(name, answers.compare, body)

    @router.post("/{name}/export/{form}", summary=f"The plan as a file: {', '.join(FILES)}")
    async def export(
        name: Name,
        form: Annotated[str, Path(description="Kind of file.", max_length=100)],
        body: Annotated[SelectBody, given("select")],
    ) -> Response:
        served = catalogue[name]
        return file_response(*await pool.run(_exported(served, body, form)))

    @router.post(
        "/{name}/providers",
        summary="A new provider by its pilot, without training: what adding it would change",
        responses={501: {"description": "The study is served without its pilots."}},
        openapi_extra={"requestBody": {"required": True, "content": UPLOAD_CONTENT}},
    )
    async def providers(request: Request, name: Name, offer: Offered) -> Response:
        check_parameters(request.query_params, tuple(NewProvider.model_fields))
        served, store, content = catalogue[name], pilots.get(name), await request.body()
        examined = await pool.run(lambda deadline: examine(served, store, offer, content, deadline))
        return bounded(JSONResponse(examined.to_dict()), settings.max_response)

    @router.get("/{name}/profiles", summary="What each pilot shows of its provider")
    async def profiles(name: Name) -> Response:
        return bounded(JSONResponse(answers.profiles(catalogue[name])), settings.max_response)

    @router.get(
        "/{name}/tables/{table}",
        summary="A table of the study, as JSON or as an Arrow stream",
        responses={200: {"content": {"application/json": {}, ARROW: {}}}},
    )
    async def table(
        request: Request,
        name: Name,
        table: Annotated[str, Path(description="Name of the table.", max_length=300)],
        accept: Annotated[str, Header(description=f"application/json, or {ARROW}.")] = "*/*",
        offset: Annotated[int, Query(ge=0, le=10**9, description="Rows to leave out.")] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows at most.")] = 10_000,
    ) -> Response:
        check_parameters(request.query_params, ("offset", "limit"))
        stored = catalogue[name].table(table)
        return await pool.run(
            lambda _: table_response(stored, accept, offset, limit, settings.max_response)
        )

    return router


def check_parameters(query: QueryParams, known: Sequence[str]) -> None:
    """Refuse a parameter of an address that has no meaning there, or is given twice.

    Raises
    ------
    InputError
        If there is one.
    """
    names = [name for name, _ in query.multi_items()]
    for name in names:
        if name not in known:
            raise InputError(f"unknown parameter {name[:40]!r}; {nearest(name[:40], known)}")
        if names.count(name) > 1:
            raise InputError(f"the parameter {name!r} is given {names.count(name)} times; give one")


def _exported(
    served: ServedStudy, body: SelectBody, form: str
) -> Callable[[float], tuple[str, str, bytes]]:
    return lambda deadline: plan_file(answers.results(served, body, deadline), form)


def file_response(name: str, media_type: str, content: bytes) -> Response:
    """A file that a browser saves."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def _examples_of(served: ServedStudy) -> dict[str, Examples]:
    """Requests that a study can answer, for the OpenAPI page, by the endpoint's last part."""
    study = served.study
    first, last = study.providers[0], study.providers[-1]
    mixture = {first: 0.5, last: 0.5} if first != last else {first: 1.0}
    size = max(study.scales)
    return {
        "predict": _named("Two mixtures", {"mixtures": [mixture, {first: 1.0}], "size": size}),
        "project": _named("A curve", {"mixture": mixture, "sizes": sorted(study.scales)}),
        "select": {
            **_named("What the study asks for", {}),
            **_named("Without a provider", {"size": size, "providers": {last: {"excluded": True}}}),
        },
        "frontier": _named("Three budgets", {"budgets": [10.0, 20.0, 40.0], "max_size": 4 * size}),
        "compare": _named("Two purchases", {"first": {first: size}, "second": {last: size}}),
    }


def _named(summary: str, value: dict[str, Any]) -> Examples:
    return {summary.lower().replace(" ", "-"): Example(summary=summary, value=value)}
