"""The partners' clients: each request is built and signed as its API's own page says."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from crossdock.journey.samples import Samples
from crossdock.signing import explain

CHINA: Final = timezone(timedelta(hours=8))

Answer = dict[str, Any]


class Partners:
    def __init__(self, http: httpx.AsyncClient, samples: Samples) -> None:
        self._http = http
        self._keys = samples.keys
        self._staff_token = ""

    async def hongxun(self, path: str, request: Answer) -> Answer:
        key = self._keys.hongxun
        body = {
            "createBy": key.create_by,
            "dataSource": key.data_source,
            "sign": "",
            "timestamp": f"{datetime.now(CHINA):%Y-%m-%d %H:%M:%S}",
            "request": request,
        }
        body["sign"] = explain("hongxun", _json(body), query="", headers=[], secret=key.secret).signature
        return await self._ask("POST", path, content=_json(body), headers={"content-type": "application/json"})

    async def birdsystem(
        self, method: str, path: str, *, form: Answer | None = None, json_body: Any = None
    ) -> Answer:
        headers = {"api_key": self._keys.birdsystem.api_key, "company_id": self._keys.birdsystem.company_id}
        if json_body is not None:
            headers["content-type"] = "application/json"
            return await self._ask(method, path, content=_json(json_body), headers=headers)
        return await self._ask(method, path, data=form, headers=headers)

    async def ovopark(self, method: str, version: str, business: dict[str, str]) -> Answer:
        key = self._keys.ovopark
        form = {
            "_aid": key.aid,
            "_akey": key.akey,
            "_mt": method,
            "_sm": "md5",
            "_requestMode": "POST",
            "_version": version,
            "_timestamp": f"{datetime.now(CHINA):%Y%m%d%H%M%S}",
            "_format": "json",
            **business,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        signed = explain(
            "ovopark",
            urlencode(form).encode(),
            query="",
            headers=[f"{name}: {value}" for name, value in headers.items()],
            secret=key.secret,
        )
        return await self._ask("POST", "/cloud.api", data={**form, "_sig": signed.signature}, headers=headers)

    async def bestwond(self, path: str, **fields: Any) -> Answer:
        key = self._keys.bestwond
        body = _json({"app_id": key.app_id, "timestamps": int(datetime.now(CHINA).timestamp()), **fields})
        sign = explain("bestwond", body, query="", headers=[], secret=key.secret).signature
        return await self._ask(
            "POST", f"{path}?sign={sign}", content=body, headers={"content-type": "application/json"}
        )

    async def heidian(self, method: str, path: str, *, body: Answer | None = None) -> Answer:
        headers = {"authorization": f"stafftoken {self._staff_token}"} if self._staff_token else {}
        answer = await self._ask(method, path, json=body, headers=headers)
        self._staff_token = str(answer.get("token", self._staff_token))
        return answer

    async def _ask(self, method: str, path: str, **more: Any) -> Answer:
        answer = await self._http.request(method, path, **more)
        said: Answer = answer.json()
        return said


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
