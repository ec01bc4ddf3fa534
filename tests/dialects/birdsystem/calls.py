"""The calls of an ERP, as short as a test wants them."""

from typing import Any

import httpx

KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
COMPANY = 36
WHO = {"api_key": KEY, "company_id": str(COMPANY)}
LOGIN_REQUIRED = {"success": False, "message": "Login Required!"}
DONE = {"success": True, "refresh": False, "moduleName": "client"}

PARCEL, PICK_UP, LOCKER = 5217, 2662, 5867
NIKE, PHONE = 2989068, 2989352
LEAST = {"delivery_service_id": PARCEL, "contact": "Alex Sample", "country_iso": "GB"}


class Erp:
    """Every call answers with the decoded body; `status` is that of the last one."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.status = 0

    async def call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **rest: Any) -> Any:
        answer = await self._client.request(method, path, headers=WHO if headers is None else headers, **rest)
        self.status = answer.status_code
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        return answer.json()

    async def post(self, path: str, **form: Any) -> Any:
        return await self.call("POST", f"/client/{path}", data=form)

    async def create(self, **changes: Any) -> dict[str, Any]:
        answer = await self.post("consignment", **(LEAST | changes))
        assert answer["success"], answer
        record: dict[str, Any] = answer["data"]
        return record

    async def add(self, consignment: dict[str, Any], product: int = NIKE, quantity: int = 1) -> dict[str, Any]:
        answer = await self.post(
            "Consignment-Product", consignment_id=consignment["id"], product_id=product, quantity=quantity
        )
        assert answer["success"], answer
        line: dict[str, Any] = answer["data"]
        return line

    async def set_status(self, status: str, *consignments: dict[str, Any]) -> Any:
        return await self.post(
            "Consignment/Batch-Update-Status",
            status=status,
            ids="_".join(str(consignment["id"]) for consignment in consignments),
        )

    async def find(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.call("GET", "/client/consignment", params=query)
        assert answer["success"], answer
        rows: list[dict[str, Any]] = answer["data"]
        return rows

    async def statuses(self, *consignments: dict[str, Any]) -> list[str]:
        return [(await self.find(id=consignment["id"]))[0]["status"] for consignment in consignments]


def failure(message: str) -> dict[str, Any]:
    return {"success": False, "message": message}
