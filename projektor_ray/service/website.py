"""The page at `/`: its parts, its files, and signing in where a token is needed."""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from projektor_ray.errors import ProjektorError
from projektor_ray.service import answers, page_view
from projektor_ray.service.api import file_response
from projektor_ray.service.catalogue import Catalogue, ServedStudy
from projektor_ray.service.gate import COOKIE, same_token, session_of
from projektor_ray.service.page_state import PageState, read_state
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
SESSION_SECONDS = 12 * 3600


def website(catalogue: Catalogue, pool: WorkerPool, settings: ServiceSettings) -> APIRouter:
    """The router of the page."""
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
            return page_view.refusal(str(failure))

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
            state = read_state(served.study, [])
            shown["answer"] = page_view.refusal(str(failure))
        if "form" in dict(query) and not shown:
            shown = {name: await part(request, name) for name in ("answer", "by-hand")}
        html = page_view.page(catalogue, served, state, urlencode(query), shown)
        return HTMLResponse(html)

    @router.get("/parts/{name}")
    async def one_part(request: Request, name: str) -> Response:
        if name not in PARTS:
            raise RefusedError(404, "unknown-part", "the page has no such part")
        return HTMLResponse(await part(request, name))

    @router.get("/export/{form}")
    async def export(request: Request, form: Annotated[str, Path(max_length=100)]) -> Response:
        served, state = stated(request)

        def write(deadline: float) -> Any:
            return plan_file(answers.results(served, state.body, deadline), form)

        return file_response(*await pool.run(write))

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
