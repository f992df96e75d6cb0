"""The command line `usage-index`: a thin skin over the assets and the libraries.

Every command turns options into one call, shows its result, and turns errors into the documented exit codes.
"""

import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.errors import PipelineError

if TYPE_CHECKING:  # its imports would slow every command, --help too
    from pipelines.summary import Summary

app = typer.Typer(
    name="usage-index",
    help="Which tasks of the economy are done with AI, and does AI automate or augment them?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)

ConversationsOption = Annotated[Path | None, typer.Option("--conversations", help="File or folder of conversations.")]
FormatOption = Annotated[
    str | None, typer.Option("--format", help="Format of the conversations; detected if not given.")
]
OnetOption = Annotated[
    str | None, typer.Option("--onet", help="O*NET release: file, folder, version such as 29.1, or starter.")
]
StoreOption = Annotated[
    Path | None, typer.Option("--store", help="The store [default: USAGE_INDEX_HOME, else data/store].")
]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="TOML file of settings.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed of every random choice.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print a machine-readable summary.")]


@contextmanager
def _documented_exits(*, as_json: bool = False) -> Iterator[None]:
    """Turn an error that a user can mend into its message and its exit code."""
    from clio_lite.errors import ClioLiteError
    from onet.errors import OnetError, ReleaseDownloadError

    try:
        yield
    except (PipelineError, OnetError, ClioLiteError, OSError) as error:
        code = (
            error.exit_code if isinstance(error, PipelineError) else 4 if isinstance(error, ReleaseDownloadError) else 3
        )
        if as_json:
            typer.echo(
                json.dumps({"ok": False, "exit_code": code, "error": type(error).__name__, "message": str(error)})
            )
        else:
            Console(stderr=True, soft_wrap=True).print(f"[red]error:[/red] {escape(str(error))}", highlight=False)
        raise typer.Exit(code) from None


def _report(work: "Callable[[Console], Summary]", *, as_json: bool) -> None:
    """Do the work of a command and show its summary: to people, or as JSON with what people read on standard error."""
    with _documented_exits(as_json=as_json):
        console = Console(stderr=as_json)
        summary = work(console)
        if as_json:
            typer.echo(json.dumps({"ok": True, **summary.as_dict()}, default=str))
        else:
            summary.show(console)


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.expanduser().resolve())


def _release(text: str | None) -> str | None:
    """A release as settings want it: an absolute path where the text names one, else the text."""
    return str(Path(text).resolve()) if text and Path(text).exists() else text


@app.command()
def run(
    month: Annotated[str, typer.Option("--month", help="Month YYYY-MM, or a range A..B.")],
    conversations: ConversationsOption = None,
    conversation_format: FormatOption = None,
    onet: OnetOption = None,
    oews: Annotated[Path | None, typer.Option("--oews", help="OEWS national file (zip, xlsx, csv).")] = None,
    config: ConfigOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the outputs [default: data/out].")] = None,
    min_conversations: Annotated[int | None, typer.Option(help="Least conversations of a published cell.")] = None,
    min_accounts: Annotated[int | None, typer.Option(help="Least accounts of a published cell.")] = None,
    min_text_conversations: Annotated[
        int | None, typer.Option(help="Least conversations behind a published text.")
    ] = None,
    min_text_accounts: Annotated[int | None, typer.Option(help="Least accounts behind a published text.")] = None,
    assume_account_per_conversation: Annotated[
        bool | None,
        typer.Option("--assume-account-per-conversation", help="Count a conversation without account as one."),
    ] = None,
    seed: SeedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the whole index for a month or a range of months."""
    from pipelines.commands import run_index

    _report(
        lambda console: run_index(
            month,
            console,
            conversations=_absolute(conversations),
            conversation_format=conversation_format,
            onet=_release(onet),
            oews=_absolute(oews),
            config=_absolute(config),
            out=_absolute(out),
            min_conversations=min_conversations,
            min_accounts=min_accounts,
            min_text_conversations=min_text_conversations,
            min_text_accounts=min_text_accounts,
            assume_account_per_conversation=assume_account_per_conversation,
            seed=seed,
            home=_absolute(store),
        ),
        as_json=as_json,
    )


@app.command()
def ui(
    conversations: ConversationsOption = None,
    onet: OnetOption = None,
    config: ConfigOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the outputs [default: data/out].")] = None,
    store: StoreOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 3000,
) -> None:
    """Serve the Dagster UI on the same store, with these settings as the launchpad's defaults."""
    from pipelines.commands import serve_ui

    with _documented_exits():
        serve_ui(
            host,
            port,
            conversations=_absolute(conversations),
            onet=_release(onet),
            config=_absolute(config),
            out=_absolute(out),
            home=_absolute(store),
        )


@app.command()
def onet(
    release: Annotated[str | None, typer.Option("--release", help="Version to download, such as 29.1.")] = None,
    path: Annotated[Path | None, typer.Option("--path", help="File or folder of a release.")] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load, validate and index an O*NET release."""
    from pipelines.commands import load_release_command

    if (release is None) == (path is None):
        raise typer.BadParameter("give either --release VERSION or --path FILE_OR_FOLDER")
    _report(
        lambda console: load_release_command(release or str(_absolute(path)), console, home=_absolute(store)),
        as_json=as_json,
    )


@app.command()
def facets(
    conversations: Annotated[Path, typer.Option("--conversations", help="File or folder of conversations.")],
    out: Annotated[Path, typer.Option("--out", help="Parquet file to write, mode 0600.")],
    conversation_format: FormatOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the facets of every conversation: one row each, a restricted file."""
    from pipelines.commands import write_facets

    _report(
        lambda console: write_facets(
            conversations, out, console, conversation_format=conversation_format, home=_absolute(store)
        ),
        as_json=as_json,
    )


@app.command("map")
def map_texts(
    texts: Annotated[Path, typer.Option("--texts", help='JSONL with {"id", "text"} per line.')],
    out: Annotated[Path, typer.Option("--out", help="Parquet file to write.")],
    onet: OnetOption = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Statements per text.")] = 10,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank O*NET task statements for short texts."""
    from pipelines.commands import write_matches

    _report(
        lambda console: write_matches(texts, out, console, top=top, onet=_release(onet), home=_absolute(store)),
        as_json=as_json,
    )


@app.command()
def aggregate(
    task_shares: Annotated[Path, typer.Option("--task-shares", help="CSV of task_name and pct.")],
    onet_tasks: Annotated[Path, typer.Option("--onet-tasks", help="CSV of O*NET task statements.")],
    soc: Annotated[Path, typer.Option("--soc", help="CSV of the SOC structure.")],
    out: Annotated[Path, typer.Option("--out", help="DuckDB file to write.")],
    collaboration: Annotated[
        Path | None, typer.Option("--collaboration", help="CSV of interaction_type and pct.")
    ] = None,
    wages: Annotated[Path | None, typer.Option("--wages", help="CSV of wages and job zones by SOC code.")] = None,
    employment: Annotated[Path | None, typer.Option("--employment", help="CSV of employment by major group.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the index tables from published task shares alone."""
    from pipelines.commands import aggregate_shares

    _report(
        lambda _: aggregate_shares(
            task_shares=task_shares,
            onet_tasks=onet_tasks,
            soc=soc,
            collaboration=collaboration,
            wages=wages,
            employment=employment,
            out=out,
        ),
        as_json=as_json,
    )


@app.command()
def sample(
    out: Annotated[Path, typer.Option("--out", help="JSONL file of conversations to write.")],
    truth: Annotated[Path | None, typer.Option("--truth", help="JSONL file of the known truth to write.")] = None,
    conversations: Annotated[int, typer.Option("--conversations", min=1, help="How many.")] = 600,
    seed: Annotated[int, typer.Option("--seed", help="Seed.")] = 0,
    month: Annotated[str, typer.Option("--month", help="Month of the conversations, YYYY-MM.")] = "2026-10",
    as_json: JsonOption = False,
) -> None:
    """Write synthetic conversations with known truth."""
    from pipelines.commands import write_sample_command

    _report(
        lambda _: write_sample_command(conversations, seed=seed, month=month, out=out, truth=truth), as_json=as_json
    )


@app.command()
def bench(
    conversations: Annotated[
        int, typer.Option("--conversations", min=100, help="Largest run of the index; tenths of it are run too.")
    ] = 2_000,
    texts: Annotated[
        list[int] | None, typer.Option("--texts", min=100, help="Texts to match; may be repeated.")
    ] = None,
    vectors: Annotated[int, typer.Option("--vectors", min=1_000, help="Most vectors to cluster.")] = 100_000,
    part: Annotated[
        list[str] | None, typer.Option("--part", help="index, encoder, map, vectors or kura; may be repeated.")
    ] = None,
    onet: OnetOption = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where readings are kept, and joined [default: bench in the store].")
    ] = None,
    seed: SeedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure speed, memory and growth of every stage, and ratios to named baselines."""
    from pipelines.bench import bench_command

    _report(
        lambda console: bench_command(
            console,
            conversations=conversations,
            texts=texts,
            vectors=vectors,
            parts=part,
            onet=_release(onet),
            folder=_absolute(folder),
            seed=seed or 0,
            home=_absolute(store),
        ),
        as_json=as_json,
    )


@app.command()
def doctor(store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Say what is installed, reachable and configured."""
    from pipelines.commands import diagnose

    _report(lambda _: diagnose(home=_absolute(store), config=_absolute(config)), as_json=as_json)


@app.command()
def erase(
    account: Annotated[str, typer.Option("--account", help="Raw account id; - reads it from standard input.")] = "-",
    conversations: ConversationsOption = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase one account from the restricted zone, and keep it out of what is read later."""
    from pipelines.privacy_commands import erase_account_command

    _report(
        lambda _: erase_account_command(
            sys.stdin.read() if account == "-" else account,
            conversations=_absolute(conversations),
            config=_absolute(config),
            home=_absolute(store),
        ),
        as_json=as_json,
    )


@app.command("rotate-secret")
def rotate_secret(
    forget_old: Annotated[
        bool,
        typer.Option("--forget-old", help="Remove old secrets: old months can no longer be searched for an account."),
    ] = False,
    config: ConfigOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replace the secret of the account keys."""
    from pipelines.privacy_commands import rotate_secret_command

    _report(
        lambda _: rotate_secret_command(is_forgetting=forget_old, config=_absolute(config), home=_absolute(store)),
        as_json=as_json,
    )


@app.command()
def retain(
    raw_days: Annotated[
        int | None, typer.Option("--raw-days", min=1, help="Days for which raw tables are kept.")
    ] = None,
    core_days: Annotated[
        int | None, typer.Option("--core-days", min=1, help="Days for which core tables are kept.")
    ] = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove restricted tables of months that are past their period; published ones stay."""
    from pipelines.privacy_commands import remove_expired_command

    _report(
        lambda _: remove_expired_command(
            retention_days_raw=raw_days, retention_days_core=core_days, config=_absolute(config), home=_absolute(store)
        ),
        as_json=as_json,
    )


validate = typer.Typer(
    help="Human validation: label sheets out, accuracy and corrected shares in.", no_args_is_help=True
)
app.add_typer(validate, name="validate")


@validate.command("sheet")
def validate_sheet(
    month: Annotated[str, typer.Option("--month", help="Month YYYY-MM of an index in the store.")],
    count: Annotated[int, typer.Option("--count", min=10, help="Conversations to judge.")] = 150,
    seed: SeedOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder [default: validation/MONTH of the store].")] = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw conversations and write a label sheet, as CSV and as a local page; restricted files."""
    from pipelines.validation.commands import write_sheet

    _report(
        lambda _: write_sheet(
            month, count=count, folder=out, seed=seed, config=_absolute(config), home=_absolute(store)
        ),
        as_json=as_json,
    )


@validate.command("score")
def validate_score(
    sheets: Annotated[list[Path], typer.Argument(help="Filled sheets, one per rater.")],
    month: Annotated[str, typer.Option("--month", help="Month YYYY-MM of the sheets.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the outputs [default: data/out].")] = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score filled sheets: acceptability, agreement between raters, corrected shares."""
    from pipelines.validation.commands import score_sheets

    _report(
        lambda _: score_sheets(month, sheets, out=_absolute(out), config=_absolute(config), home=_absolute(store)),
        as_json=as_json,
    )


def main() -> None:
    """Entry point of the console script."""
    logging.getLogger().setLevel(logging.WARNING)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    app()


if __name__ == "__main__":
    main()
