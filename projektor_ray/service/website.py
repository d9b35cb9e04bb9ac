"""The page at `/`: its parts, its files, and signing in where a token is needed."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from projektor_ray.errors import ProjektorError
from projektor_ray.service import answers, page_view
from projektor_ray.service.api import file_response
from projektor_ray.service.catalogue import Catalogue, ServedStudy
from projektor_ray.service.gate import COOKIE, same_token, session_of
from projektor_ray.service.new_providers import PilotStore, examine
from projektor_ray.service.page_state import PageState, read_new_provider, read_state
from projektor_ray.service.plan_files import plan_file
from projektor_ray.service.problem_details import RefusedError
from projektor_ray.service.service_settings import ServiceSettings
from projektor_ray.service.worker_pool import WorkerPool

Part = Callable[[ServedStudy, PageState, float], str]
PARTS: dict[str, Part] = {
    "answer": page_view.answer,
    "by-hand": page_view.by_hand,
    "frontier": page_view.frontier,
}
"""Parts of the page that the script fetches anew when the state changes."""
FIRST_VIEW_SECONDS = 0.4
"""How long the first view waits for its plan; a slower one is fetched by the script."""
SESSION_SECONDS = 12 * 3600


def website(
    catalogue: Catalogue,
    pool: WorkerPool,
    settings: ServiceSettings,
    pilots: Mapping[str, PilotStore],
) -> APIRouter:
    """The router of the page.

    Parameters
    ----------
    pilots : of the studies that are served with them, by name.
    """
    router = APIRouter(include_in_schema=False)

    def stated(request: Request) -> tuple[ServedStudy, PageState]:
        pairs = request.query_params.multi_items()
        served = catalogue[dict(pairs).get("study", catalogue.names[0])]
        return served, read_state(served.study, pairs)

    async def part(request: Request, name: str) -> str:
        """A part of the page; a question that cannot be answered in words in its place."""
        try:
            served, state = stated(request)
            return await pool.run(lambda deadline: PARTS[name](served, state, deadline))
        except ProjektorError as failure:
            return page_view.without_answer(failure)

    @router.get("/")
    async def page(request: Request) -> Response:
        query = request.query_params.multi_items()
        shown = {}
        try:
            served, state = stated(request)
        except RefusedError:
            raise
        except ProjektorError as failure:
            served = catalogue[dict(query).get("study", catalogue.names[0])]
            state = read_state(served.study, [("ask", "open")])
            shown["answer"] = page_view.without_answer(failure)
        if not shown:
            wanted = ("answer", "by-hand", *(["frontier"] if "frontier" in dict(query) else []))
            waits = not {"form", "frontier"}.isdisjoint(dict(query))
            shown = await first_view(request, wanted, waits)
        has_pilots = served.study.name in pilots
        return HTMLResponse(page_view.page(catalogue, served, state, query, shown, has_pilots))

    async def first_view(request: Request, names: tuple[str, ...], waits: bool) -> dict[str, str]:
        """The parts that are shown at once: all that somebody asked for, else what is quick."""

        async def every() -> dict[str, str]:
            return {name: await part(request, name) for name in names}

        try:
            return await asyncio.wait_for(every(), None if waits else FIRST_VIEW_SECONDS)
        except (TimeoutError, asyncio.TimeoutError):
            return {}  # the computation goes on, and the script gets its answer

    @router.get("/parts/{name}")
    async def one_part(request: Request, name: str) -> Response:
        if name not in PARTS:
            raise RefusedError(404, "unknown-part", "the page has no such part")
        return HTMLResponse(await part(request, name))

    @router.post("/parts/providers")
    async def new_provider(request: Request) -> Response:
        try:
            served, state = stated(request)
            offer = read_new_provider(request.query_params.multi_items())
            store, content = pilots.get(served.study.name), await request.body()
            examined = await pool.run(
                lambda deadline: examine(served, store, offer, content, deadline, state.body)
            )
            return HTMLResponse(page_view.new_provider(examined))
        except ProjektorError as failure:
            return HTMLResponse(page_view.without_answer(failure))

    @router.get("/export/{form}")
    async def export(request: Request, form: Annotated[str, Path(max_length=100)]) -> Response:
        try:
            served, state = stated(request)
            file = await pool.run(
                lambda deadline: plan_file(answers.results(served, state.body, deadline), form)
            )
            return file_response(*file)
        except ProjektorError as failure:
            status = failure.status if isinstance(failure, RefusedError) else 422
            return HTMLResponse(page_view.no_file(str(failure), request.url.query), status)

    @router.get("/static/page.css")
    async def style() -> Response:
        return Response(page_view.style_sheet(), media_type="text/css")

    @router.get("/static/page.js")
    async def script() -> Response:
        return Response(page_view.script(), media_type="text/javascript")

    @router.get("/sign-in")
    async def sign_in() -> Response:
        return HTMLResponse(page_view.sign_in(failed=False))

    @router.post("/sign-in")
    async def signed_in(request: Request) -> Response:
        given = parse_qs((await request.body()).decode("utf-8", "replace")).get("token", [""])[0]
        if not same_token(given.strip(), settings):
            return HTMLResponse(page_view.sign_in(failed=True), 401)
        answer = RedirectResponse("./", 303)
        answer.set_cookie(
            COOKIE,
            session_of(settings.token or ""),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    return router
