"""How deliveries are fetched: the keys of `transport`. A definition names a connection, never a secret."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from include.sources.definition import secrets
from include.sources.parts import Part

ConnectionId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_]*$",
        description="Id of an Airflow connection, or of the environment variable AIRFLOW_CONN_<ID>.",
    ),
]
Address = Annotated[str, AfterValidator(secrets.address)]
Identifier = Annotated[str, Field(pattern=r"^[^\x00]{1,128}$")]


class Timed(Part):
    """How long to wait for a source."""

    timeout_s: float = Field(default=30, gt=0, le=3600, description="Seconds without a byte.")
    deadline_s: float = Field(
        default=300, gt=0, le=86_400, description="Seconds for everything this feed fetches in one run."
    )


class _Named(Timed):
    """Files whose name says what they are for."""

    pattern: str = Field(default="*", description="Which files of the folder, by their name.")
    name_pattern: str = Field(
        description="Regular expression searched in the file name, with the group year and, where there are, "
        "month or quarter, and delivered. A month may be a number or a name. Without delivered the file's time stamp is "
        "the day of delivery."
    )
    delivered_format: str = Field(
        default="%Y%m%d",
        description="strptime format of the group delivered; a time of day in it is one in Almaty.",
    )

    @field_validator("name_pattern")
    @classmethod
    def _names_the_period(cls, value: str) -> str:
        try:
            groups = set(re.compile(value).groupindex)
        except re.error as error:
            raise ValueError(f"expected a regular expression: {error}") from None
        if "year" not in groups:
            raise ValueError(
                "expected a regular expression with the group year and, where there are, month or quarter, and delivered"
            )
        return value

    @field_validator("delivered_format")
    @classmethod
    def _tells_a_day(cls, value: str) -> str:
        day = datetime(2023, 11, 28)
        try:
            told = datetime.strptime(day.strftime(value), value)
        except ValueError:
            told = None
        if told != day:
            raise ValueError("expected a strptime format with a day, a month and a year")
        return value


class FolderTransport(_Named):
    """Files in a folder or under a prefix of an object store.

    Files that end in .part, .filepart or .tmp, or begin with a dot or ~$, are not looked at.
    """

    kind: Literal["folder"]
    path: str = Field(
        description="A folder, file:///folder or s3://bucket/prefix; ${NAME} is taken from the environment."
    )
    connection: ConnectionId | None = Field(
        default=None,
        description="Of an object store: login and password are the access key and its secret, extra.endpoint_url "
        "and extra.region_name say where it is. None for a folder, or for a store that everybody may read.",
    )
    settle_s: float = Field(
        default=0.5,
        ge=0,
        le=300,
        description="A file of a folder is taken once its size and time stay the same for so many seconds.",
    )


class SftpTransport(_Named):
    """Files on an SFTP server whose host key is known.

    Files that end in .part, .filepart or .tmp, or begin with a dot or ~$, are not looked at.
    """

    kind: Literal["sftp"]
    connection: ConnectionId = Field(
        description="host, port, login, password or (in extra) private_key with its private_key_passphrase; "
        "extra.host_key is required: lines as ssh-keyscan prints them."
    )
    path: str = Field(description="The folder on the server; ${NAME} is taken from the environment.")
    complete: Literal["size", "checksum"] = Field(
        default="size",
        description="How a whole file is known: its size and time stay the same for settle_s seconds, or a file "
        "<name>.sha256 beside it states its SHA-256.",
    )
    settle_s: float = Field(default=2, gt=0, le=300)


class NoAuth(Part):
    """No credentials."""

    kind: Literal["none"]


class TokenAuth(Part):
    """The connection's password in a header."""

    kind: Literal["token"]
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]+$")
    prefix: str = Field(default="Bearer ", description="What stands before the token in the header.")


class BasicAuth(Part):
    """The connection's login and password."""

    kind: Literal["basic"]


class OAuth2Auth(Part):
    """OAuth 2 client credentials: the connection's login and password are the client's id and secret."""

    kind: Literal["oauth2"]
    token_url: Address
    scope: str = ""


Auth = Annotated[NoAuth | TokenAuth | BasicAuth | OAuth2Auth, Field(discriminator="kind")]


class NoPages(Part):
    """One answer holds all."""

    by: Literal["none"]


class _Pages(Part):
    """Several answers hold all."""

    repeats: bool = Field(
        default=False,
        description="True where an item may come on several pages, as in a log of changes. Otherwise pages that "
        "show one twice have shifted, and the reading is not taken.",
    )


class PagesByNumber(_Pages):
    """page=1, 2, …; the last page is the one that the API states.

    Where it states neither pages nor format.total, pages end with the one that is followed by an empty or missing
    page, or by itself again: a page that is not full is no proof.
    """

    by: Literal["page"]
    parameter: str = "page"
    first: int = Field(default=1, ge=0, le=1)
    size_parameter: str | None = "page_size"
    size: int = Field(default=500, ge=1, le=10_000)
    pages: str | None = Field(default=None, description="Path in the answer of the number of pages.")


class PagesByOffset(_Pages):
    """offset=0, 500, …, by as many items as came; ends as pages by number do."""

    by: Literal["offset"]
    parameter: str = "offset"
    size_parameter: str = "limit"
    size: int = Field(default=500, ge=1, le=10_000)


class PagesByCursor(_Pages):
    """Each answer names the next cursor; none, or an empty one, ends."""

    by: Literal["cursor"]
    parameter: str = "cursor"
    next: str = Field(description="Path in the answer of the next cursor.")
    size_parameter: str | None = None
    size: int = Field(default=500, ge=1, le=10_000)


class PagesByLink(_Pages):
    """The header Link (RFC 8288, rel="next"), or a member of the answer, names the address of the next page."""

    by: Literal["link"]
    next: str | None = Field(
        default=None,
        description="Path in the answer of the address of the next page: links.next, @odata.nextLink; the header "
        "Link, where none is declared.",
    )
    size_parameter: str | None = None
    size: int = Field(default=500, ge=1, le=10_000)


Pages = Annotated[
    NoPages | PagesByNumber | PagesByOffset | PagesByCursor | PagesByLink, Field(discriminator="by")
]


class ListedDeliveries(Part):
    """The API lists its deliveries, and each is fetched by its id."""

    by: Literal["list"]
    url: Address = Field(description="Of the list.")
    items: str = Field(default="deliveries", description="Path in the answer of the list.")
    id: str = "id"
    period: str = "period"
    delivered_at: str = "delivered_at"
    pages: Pages = Field(default=PagesByNumber(by="page", size_parameter=None, pages="pages"))


class MonthlyDeliveries(Part):
    """One delivery for each month since the rhythm began; the last `again` months are asked for in every run.

    In url and parameters stand {year}, {month}, {first_day}, {last_day} and {next_first_day} of the month.
    """

    by: Literal["month"]
    again: int = Field(default=3, ge=1, le=120)


class SinceDeliveries(Part):
    """What changed since the last time, asked for with a parameter; the delivery counts for the month it is asked in."""

    by: Literal["since"]
    parameter: str = "since"
    field: str = Field(description="Path in an item of what the parameter is compared with.")
    start: str = Field(description="What the parameter says the first time.")


class DocumentDelivery(Part):
    """One document at one address; a changed one is a new delivery for the month it changed in."""

    by: Literal["document"]


HttpDeliveries = Annotated[
    ListedDeliveries | MonthlyDeliveries | SinceDeliveries | DocumentDelivery, Field(discriminator="by")
]


class HttpTransport(Timed):
    """An HTTP API or document."""

    kind: Literal["http"]
    url: Address = Field(
        description="Of a delivery: https://host/path; ${NAME} is taken from the environment, {id} is a listed delivery's."
    )
    connection: ConnectionId | None = None
    auth: Auth = NoAuth(kind="none")
    deliveries: HttpDeliveries
    parameters: Annotated[dict[str, str], AfterValidator(secrets.parameters)] = {}
    headers: Annotated[dict[str, str], AfterValidator(secrets.headers)] = {}
    pages: Pages = NoPages(by="none")
    ignore: list[str] = Field(
        default=[],
        description="Headers of an answer that do not mean what they seem to: Link, X-Total-Count.",
    )
    retry_after_s: float = Field(
        default=60, ge=0, le=3600, description="The longest wait that a 429 or 503 may ask for."
    )

    @model_validator(mode="after")
    def _credentials_come_from_a_connection(self) -> HttpTransport:
        if self.auth.kind != "none" and not self.connection:
            raise ValueError(f"auth {self.auth.kind} needs a connection that holds the credentials")
        return self


class EveryRow(Part):
    """The whole table or view in each run, if it changed."""

    by: Literal["all"]


class RowsByMonth(Part):
    """The rows of one month by a date column; the last `again` months in every run."""

    by: Literal["month"]
    column: Identifier
    again: int = Field(default=3, ge=1, le=120)


class RowsSince(Part):
    """The rows whose watermark column is at or above the newest one fetched; counted for the month they are asked in.

    A row committed later with an older value is never found: the column must grow in the order of commits.
    """

    by: Literal["since"]
    column: Identifier
    start: str | None = Field(default=None, description="The first watermark; none takes every row.")


class SqlTransport(Timed):
    """Rows of a table or view of a database, read only; they are landed as JSON lines of texts."""

    kind: Literal["sql"]
    connection: ConnectionId = Field(
        description="conn_type postgres (mysql, mssql, oracle with their drivers), host, port, login, password, "
        "schema: the database, extra: sslmode, sslrootcert …; or conn_type sqlite, host: the path of a file."
    )
    db_schema: Identifier | None = Field(default=None, alias="schema")
    table: Identifier = Field(description="A table or view; never a query.")
    columns: list[Identifier] = Field(
        min_length=1, description="The columns to read; no others are asked for."
    )
    order_by: list[Identifier] = Field(
        min_length=1, description="Columns that order the rows the same way every time: the key."
    )
    deliveries: Annotated[EveryRow | RowsByMonth | RowsSince, Field(discriminator="by")]
    batch_rows: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description="The most rows held at once; fewer where they are long.",
    )

    @field_validator("columns", "order_by")
    @classmethod
    def _each_once(cls, value: list[str]) -> list[str]:
        if doubled := sorted({name for name in value if value.count(name) > 1}):
            raise ValueError(f"expected every column once, found {', '.join(map(repr, doubled))} again")
        return value


Transport = Annotated[
    FolderTransport | SftpTransport | HttpTransport | SqlTransport, Field(discriminator="kind")
]
